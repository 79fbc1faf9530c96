"""pybind11's releases: which there are, and their headers, fetched once into the cache."""

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import platformdirs
from filelock import FileLock
from packaging.version import Version

from finfuzz.support.errors import UserError
from finfuzz.support.own_python import module_command
from finfuzz.targets.spec import OLDEST_PYBIND11, PYBIND11, TargetSpec

_MAIN_HEADER = Path("pybind11", "pybind11.h")


def cache_root() -> Path:
    """The folder for headers and builds: ``$FINFUZZ_CACHE``, or the user's cache folder.

    Created if it isn't there. Raises UserError if it can't be created or written to.
    """
    named = os.environ.get("FINFUZZ_CACHE")
    root = Path(named) if named else platformdirs.user_cache_path("finfuzz")
    try:
        root = root.expanduser().absolute()
        root.mkdir(parents=True, exist_ok=True)
    except RuntimeError as error:  # ~ of a user that there is not
        raise _bad_cache(root, str(error)) from None
    except OSError as error:
        raise _bad_cache(root, error.strerror) from None
    if not os.access(root, os.W_OK | os.X_OK):
        raise _bad_cache(root, "not writable")
    return root


def newest_release() -> str:
    """The newest final release of pybind11. Raises UserError as ``released_versions`` does."""
    return released_versions()[0]


def released_versions() -> list[str]:
    """pybind11's final releases from 3.0.0 on, newest first; never empty.

    Without the package index: those whose headers are in the cache. Raises UserError if there are
    none, or if this Python has no pip.
    """
    versions = list(_index_versions()) or _cached_versions()
    if not versions:
        raise UserError(
            "the package index can't be reached to look up pybind11's releases and none is cached "
            "yet: connect, or give a checkout: pybind11@PATH"
        )
    return versions


def resolve(spec: TargetSpec) -> TargetSpec:
    """A bare ``pybind11`` with the newest release filled in; any other spec as it is.

    Raises UserError as ``released_versions`` does.
    """
    if spec.framework != PYBIND11 or spec.version is not None or spec.path is not None:
        return spec
    return TargetSpec(spec.framework, newest_release(), None, spec.policy)


def headers(spec: TargetSpec) -> Path:
    """The include folder of a pybind11 spec: the one that holds ``pybind11/pybind11.h``.

    Of a spec with a second release: the first one's. A release's headers are fetched once. Raises
    UserError if there is no such release or path, or if it can't be fetched.
    """
    if spec.framework != PYBIND11:
        raise UserError(f"target {spec}: only pybind11 targets have headers of their own")
    if spec.path is not None:
        return _headers_in(spec.path)
    return _headers_of_release(resolve(spec).version or "")


def header_variables(spec: TargetSpec) -> dict[str, str]:
    """The folders that a finding's script takes headers from, by the variables that name them."""
    found = {}
    if spec.framework == PYBIND11:
        found["PYBIND11_INCLUDE"] = str(headers(spec))
    if spec.of_second is not None:
        found["PYBIND11_SECOND_INCLUDE"] = str(headers(spec.of_second))
    return found


def _bad_cache(root: Path, reason: str | None) -> UserError:
    return UserError(f"the cache {root} can't be used ({reason}): set $FINFUZZ_CACHE to another")


def _headers_in(path: Path) -> Path:
    for include in (path / "include", path):
        if (include / _MAIN_HEADER).is_file():
            return include
    raise UserError(
        f"target pybind11@{path}: neither include/{_MAIN_HEADER} nor {_MAIN_HEADER} is in there: "
        "give a pybind11 checkout or its include folder"
    )


def _headers_of_release(version: str) -> Path:
    folder = cache_root() / "headers"
    include = folder / f"pybind11-{version}"
    if (include / _MAIN_HEADER).is_file():
        return include
    folder.mkdir(exist_ok=True)
    with FileLock(f"{include}.lock"):
        if not (include / _MAIN_HEADER).is_file():
            _fetch(version, include)
    return include


def _fetch(version: str, include: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=include.parent) as scratch:
        wheel = _download(version, Path(scratch))
        with zipfile.ZipFile(wheel) as archive:
            prefix = "pybind11/include/pybind11/"
            wanted = [name for name in archive.namelist() if name.startswith(prefix)]
            archive.extractall(scratch, wanted)
        shutil.rmtree(include, ignore_errors=True)  # half deleted by hand: rename needs it gone
        os.rename(Path(scratch, "pybind11", "include"), include)


def _download(version: str, folder: Path) -> Path:
    done = _pip(
        "download", "--no-deps", "--only-binary=:all:", "-d", str(folder), f"pybind11=={version}"
    )
    wheel = next(folder.glob("*.whl"), None)
    if done.returncode == 0 and wheel is not None:
        return wheel
    raise UserError(f"target pybind11=={version}: {_why_not(version, done.stderr)}")


def _why_not(version: str, stderr: str) -> str:
    """Pip says "no matching distribution" for a dead network too; this tells the two apart."""
    released = _index_versions()
    if not released:
        return "the package index can't be reached to fetch it: connect, or give pybind11@PATH"
    if version not in released:
        return f"there is no such release: choose {', '.join(released)}"
    said = [line for line in stderr.splitlines() if line.startswith("ERROR")]
    return f"pip can't fetch it ({' '.join(said[:1])}): try again, or give pybind11@PATH"


@functools.cache
def _index_versions() -> tuple[str, ...]:
    """Newest first; empty when the index can't be reached."""
    done = _pip("index", "versions", "pybind11")
    label = "Available versions:"
    lines = [line for line in done.stdout.splitlines() if line.startswith(label)]
    names = lines[0].removeprefix(label).split(",") if lines else []
    return tuple(_final_newest_first(name.strip() for name in names))


def _cached_versions() -> list[str]:
    found = cache_root().glob(f"headers/pybind11-*/{_MAIN_HEADER}")
    return _final_newest_first(path.parent.parent.name.removeprefix("pybind11-") for path in found)


def _final_newest_first(names: Iterable[str]) -> list[str]:
    versions = sorted({Version(name) for name in names}, reverse=True)
    return [
        str(version)
        for version in versions
        if version >= OLDEST_PYBIND11 and not version.is_prerelease
    ]


def _pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    if importlib.util.find_spec("pip") is None:
        raise UserError(
            f"{sys.executable} has no pip, which fetches pybind11's headers: "
            f"run `{sys.executable} -m ensurepip`, or give a checkout: pybind11@PATH"
        )
    return subprocess.run(
        module_command("pip", *arguments, "--disable-pip-version-check", "--retries", "1"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
