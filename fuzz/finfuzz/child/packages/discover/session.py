"""The whole of a discovery: import the package, make objects, find what they hold, report."""

import gc
import importlib
import importlib.metadata
import json
import os
import sys
import time

from _finfuzz_discover import inventory, safety
from _finfuzz_discover.evaluation import Evaluation
from _finfuzz_discover.forked import Runner
from _finfuzz_discover.search import Search
from _finfuzz_discover.stubs import read_stubs

#: Modules of the standard library that expressions may use; a recipe names those it does use.
HELPERS = ("io",)


class Report:
    """Writes the answer, one JSON object a line."""

    def __init__(self, descriptor):
        self._descriptor = descriptor
        self._owner = os.getpid()

    def write(self, **answer):
        """Write an object. A process that the package forked writes nothing."""
        if os.getpid() != self._owner:
            os._exit(0)
        line = json.dumps(answer).encode() + b"\n"
        while line:
            line = line[os.write(self._descriptor, line) :]


def discover(request):
    """Answer a request: its keys are in start.py."""
    began = time.monotonic()
    report = Report(request["report"])
    safety.limit_process(request["limit_memory"])
    # Before the package, which may replace what it finds in `sys.modules`.
    names = {name: importlib.import_module(name) for name in HELPERS}
    sys.path[:0] = request["paths"]
    runner = Runner(request["scratch"])
    root = _import(request["module"], report)
    if root is None:
        return
    left = began + request["seconds"] - time.monotonic()
    submodules = _import_submodules(root, runner, time.monotonic() + left / 4)
    lazy = _load_lazy_names(root, runner, time.monotonic() + left / 4)
    found = inventory.Inventory(root, lazy)
    report.write(
        event="imported",
        seconds=time.monotonic() - began,
        version=_read_version(root),
        threads=_count_threads(),
        compiled=found.compiled,
        submodules=submodules,
        types=len(found.types),
        functions=len(found.functions),
    )
    # What exists now is never garbage; collections then take microseconds.
    gc.collect()
    gc.freeze()
    stubs = read_stubs(found.folders, found.tops)
    evaluation = Evaluation(dict(names, t=root), found.owns, stubs)
    left = began + request["seconds"] - time.monotonic()
    search = Search(found, stubs, runner, evaluation, report, left)
    search.run(functions=request["isolated"])
    report.write(event="end", seconds=time.monotonic() - began)


def _import(module, report):
    """Import the package. Report the exception's last line where that fails."""
    owner = os.getpid()
    try:
        root = importlib.import_module(module)
    except BaseException as error:
        if os.getpid() != owner:
            os._exit(0)
        text = "%s: %s" % (type(error).__name__, error)
        report.write(event="failed", text=text.splitlines()[0][:500])
        return None
    if os.getpid() != owner:
        os._exit(0)
    return root


def _import_submodules(root, runner, until):
    """Import the public extension modules that the package's own import leaves out."""
    names = inventory.list_compiled_submodules(root)
    probes = [lambda name=name: inventory.import_quietly(name) for name in names]
    answers = runner.run(probes, until)
    usable = [name for name, answer in zip(names, answers) if answer is True]
    return [name for name in usable if inventory.import_quietly(name)]


def _load_lazy_names(root, runner, until):
    """Return the public names that the package makes when they are first asked for (PEP 562)."""
    names = inventory.list_lazy_names(root)
    probes = [lambda name=name: hasattr(root, name) for name in names]
    answers = runner.run(probes, until)
    usable = [name for name, answer in zip(names, answers) if answer is True]
    return {name: getattr(root, name, None) for name in usable}


def _read_version(root):
    """Return the version that its distribution states, or the module itself, or nothing."""
    try:
        return importlib.metadata.version(root.__name__.split(".")[0])
    except Exception:  # no such distribution, or one whose metadata is broken
        pass
    version = getattr(root, "__version__", None)
    return version if isinstance(version, str) else ""


def _count_threads():
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1
