"""Probe a package once for each build: its import, and the words of its recipe that work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from finfuzz.support.errors import UserError
from finfuzz.targets.instrumentation import make_variables
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.packages.recipe import Recipe
from finfuzz.targets.packages.words import takes_cell, write_words

_CHILD = Path(__file__).resolve().parents[2] / "child"
_PROBE = _CHILD / "packages" / "probe.py"
#: Time for the import and all words of a recipe; the import alone may take IMPORT_SECONDS.
_SECONDS = 400.0
IMPORT_SECONDS = 60


class Imported(msgspec.Struct, frozen=True):
    """What came with the import: ``seconds``, ``threads`` beside the main one, ``modules`` with
    their files, ``builtin`` modules, which have none, and the ``version`` that it tells."""

    seconds: float
    threads: int
    modules: dict[str, str]
    builtin: tuple[str, ...] = ()
    version: str = ""

    @property
    def extensions(self) -> Mapping[str, str]:
        """The compiled modules, with their files."""
        return {name: file for name, file in self.modules.items() if file.endswith(".so")}


class ProbedWord(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer about a word: of a kind, one of its edges, an action, or the check.

    ``error``: why it doesn't work; ``wrong``: answers of the check that differ from the recipe's.
    """

    kind: str = ""
    edge: str = ""
    action: str = ""
    check: bool = False
    error: str = ""
    weak: bool = False
    hashable: bool = False
    attributes: bool = False
    wrong: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The word's place in the recipe."""
        if self.check:
            return "check"
        if self.action:
            return f"action.{self.action}".replace("_", "-")
        return f"kind.{self.kind}{f'.edges.{self.edge}' if self.edge else ''}".replace("_", "-")


class Probe(msgspec.Struct, frozen=True):
    """The answers about a package and its recipe's words."""

    imported: Imported
    words: tuple[ProbedWord, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """A line for each word of the recipe that does not work."""
        broken = [f"{word.place} is left out: {word.error}" for word in self.words if word.error]
        wrong = [f"check: {line}" for word in self.words for line in word.wrong]
        return (*broken, *wrong)


@dataclass(frozen=True)
class Surroundings:
    """Where a package is imported: the CPython, with ``paths`` before its own and, where ``site``
    is true, with the site-packages of its virtual environment."""

    interpreter: Interpreter
    paths: tuple[Path, ...]
    site: bool


def probe_package(name: str, recipe: Recipe, where: Surroundings) -> Probe:
    """Import the package in a throwaway process and try each word of the recipe in a fork of it.

    Raise UserError, in one line, where the import fails, ends the process or does not end.
    """
    with tempfile.TemporaryDirectory(prefix="finfuzz-probe-") as folder:
        scratch = Path(folder)
        (scratch / "words.py").write_text(write_words(recipe), encoding="utf-8")
        (scratch / "wanted.json").write_text(json.dumps(_specify(recipe, where, scratch)))
        answers = scratch / "answers"
        done = _run(name, where, scratch, answers)
        lines = answers.read_bytes().splitlines() if answers.exists() else []
        if not lines:
            raise UserError(f"{_describe(name, where)}: {_explain(done)}")
        imported = msgspec.json.decode(lines[0], type=Imported)
        words = tuple(msgspec.json.decode(line, type=ProbedWord) for line in lines[1:])
    return Probe(imported, _merge(words))


def _specify(recipe: Recipe, where: Surroundings, scratch: Path) -> dict[str, object]:
    library = [*_list_library(), scratch / "words.py"]
    kinds = {
        _as_name(name): [*(["cell"] if takes_cell(kind) else []), *map(_as_name, kind.edges)]
        for name, kind in recipe.kind.items()
    }
    return {
        "module": recipe.module,
        "seconds": IMPORT_SECONDS,
        "paths": [str(path) for path in where.paths],
        "library": [str(path) for path in library],
        "kinds": kinds,
        "check": bool(recipe.check),
        "actions": [_as_name(name) for name in recipe.action],
    }


def list_probe_files() -> list[Path]:
    """List finfuzz's files that decide what a probe answers."""
    return [_PROBE, *_list_library()]


def _list_library() -> list[Path]:
    return sorted((_CHILD / "words").glob("*.py"))


def _as_name(text: str) -> str:
    return text.replace("-", "_")


def make_command(where: Surroundings) -> list[str]:
    """Make the command of that Python: without a user's own site-packages."""
    if where.site:
        return [str(where.interpreter.path), "-s"]
    return [str(where.interpreter.executable), "-s", "-S"]


def _run(
    name: str, where: Surroundings, scratch: Path, answers: Path
) -> subprocess.CompletedProcess[bytes]:
    process = subprocess.Popen(
        [*make_command(where), str(_PROBE), str(scratch / "wanted.json"), str(answers)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=scratch,
        env=_environment() | make_variables(where.interpreter),
        start_new_session=True,
    )
    try:
        _, said = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise UserError(f"the recipe of {name} is not probed in {_SECONDS:g} s: trim it") from None
    finally:
        _end_session(process.pid)
    return subprocess.CompletedProcess(process.args, process.returncode, b"", said)


def _end_session(session: int) -> None:
    """End all that the probe has left, by the id of its session: it is ours alone."""
    try:
        os.killpg(session, signal.SIGKILL)
    except ProcessLookupError:
        return


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}


def _describe(name: str, where: Surroundings) -> str:
    return f"{name} can't be imported by CPython {where.interpreter.name}"


def _explain(done: subprocess.CompletedProcess[bytes]) -> str:
    last = done.stderr.decode("utf-8", "backslashreplace").strip().rpartition("\n")[2]
    if done.returncode == -signal.SIGALRM:
        return f"its import does not end in {IMPORT_SECONDS} s"
    if done.returncode < 0:
        return f"its import dies of {signal.Signals(-done.returncode).name}"
    if done.returncode == 0 or not last:
        return f"its import ends the process with {done.returncode}"
    return last


def _merge(words: tuple[ProbedWord, ...]) -> tuple[ProbedWord, ...]:
    """Keep one answer a word: the last tells how its fork ended."""
    return tuple({word.place: word for word in words}.values())


def list_own_files(probe: Probe) -> Iterator[tuple[str, int, int]]:
    """List what the import loaded: path, size and time, which change with a new build of it."""
    for file in sorted(set(probe.imported.modules.values())):
        try:
            facts = os.stat(file)
        except OSError:
            continue
        yield file, facts.st_size, facts.st_mtime_ns
