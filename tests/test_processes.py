"""All processes that finfuzz starts, and why none imports a file of the user's folder (issue 21).

`python -m` puts the working folder first on the module path: a `random.py` there would run.
"""

from __future__ import annotations

import ast
from pathlib import Path

import finfuzz

ROOT = Path(finfuzz.__file__).parent
STARTS = (
    *("subprocess.run", "subprocess.Popen", "subprocess.call", "subprocess.check_call"),
    *("subprocess.check_output", "os.system", "os.popen", "os.execv", "os.execve", "os.execvp"),
    *("os.execvpe", "os.posix_spawn", "os.spawnv", "multiprocessing.get_context"),
)
ISOLATED = "-I leaves the working folder, PYTHONPATH and the user's site-packages out"
SAFE = "-P leaves the working folder out (own_python.module_command)"
SPAWNED = "in own_python.safe_path, which sets PYTHONSAFEPATH"
NO_PYTHON = "no Python"
SCRIPT = "a script of ours by its path: Python's path begins with that script's folder"
FINDING = "a finding's script, in the finding's folder or in a copy: docs/security.md"

#: Each place that starts a process, and why it is safe.
PLACES = {
    "campaign/supervisor/sync_client.py": [SAFE],
    "campaign/cluster/local.py": [SAFE],
    "campaign/cluster/triage_nodes.py": [SAFE],
    "campaign/supervisor/triage_client.py": [SAFE],
    "campaign/supervisor/worker_pool.py": [SAFE],
    "check/run.py": [SPAWNED],
    "discovery/discover.py": [ISOLATED],
    "discovery/isolation.py": ["the command that it is given, in an empty folder"],
    "executor/process.py": [SCRIPT],
    "replay/run.py": [SPAWNED, SPAWNED],
    "targets/compiler.py": [NO_PYTHON, "a compiler, or Cython by its path"],
    "targets/interpreters.py": [ISOLATED],
    "targets/package_index.py": [SAFE],
    "targets/packages/environment.py": [ISOLATED],
    "targets/packages/probe.py": [SCRIPT],
    "targets/packages/uv.py": ["uv, in an empty folder"],
    "targets/shipping.py": [ISOLATED],
    "triage/attribution/commits.py": [NO_PYTHON],
    "triage/attribution/cpython_builds.py": ["configure and make of a CPython"],
    "triage/diagnosis/addr2line.py": [NO_PYTHON],
    "triage/instruments/run.py": [ISOLATED],
    "triage/instruments/sanitizers.py": [NO_PYTHON],
    "triage/repro/clean.py": [ISOLATED],
    "triage/repro/run.py": [FINDING, FINDING],
}


def find_starts(text: str) -> list[str]:
    """Find the calls that start a process."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return [name for call in calls if (name := ast.unparse(call.func)) in STARTS]


def test_every_start_of_a_process_has_its_reason() -> None:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = str(path.relative_to(ROOT))
        starts = find_starts(path.read_text(encoding="utf-8"))
        if starts and not name.startswith("child/"):  # a target's process may do as it likes
            found[name] = len(starts)
    assert found == {name: len(reasons) for name, reasons in PLACES.items()}


def test_no_module_is_started_from_the_working_folder() -> None:
    """`-m` stands with `-P` or `-I`."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.List | ast.Tuple):
                words = [one.value for one in node.elts if isinstance(one, ast.Constant)]
                assert "-m" not in words or {"-P", "-I"} & set(words), f"{path}:{node.lineno}"
