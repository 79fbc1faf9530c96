"""Ask the package index for releases and wheels, through pip."""

from __future__ import annotations

import functools
import importlib.util
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from packaging.version import Version

from finfuzz.support.errors import UserError
from finfuzz.support.own_python import module_command
from finfuzz.targets.frameworks.framework import ReleasePackage


@functools.cache
def list_versions(package: ReleasePackage) -> tuple[str, ...]:
    """List a package's final releases from its oldest on, newest first.

    The list is empty if the index can't be reached.
    """
    done = run_pip("index", "versions", package.name)
    label = "Available versions:"
    lines = [line for line in done.stdout.splitlines() if line.startswith(label)]
    names = lines[0].removeprefix(label).split(",") if lines else []
    return sort_final((name.strip() for name in names), package.oldest)


def download_wheel(package: ReleasePackage, version: str, folder: Path) -> Path | str:
    """Fetch a release's wheel into ``folder``; return its path, or the reason why not."""
    requirement = f"{package.name}=={version}"
    done = run_pip("download", "--no-deps", "--only-binary=:all:", "-d", str(folder), requirement)
    wheel = next(folder.glob("*.whl"), None)
    if done.returncode == 0 and wheel is not None:
        return wheel
    return _explain_failure(package, version, done.stderr)


def sort_final(names: Iterable[str], oldest: str) -> tuple[str, ...]:
    """Sort versions, newest first, without duplicates, pre-releases and those before ``oldest``."""
    versions = sorted({Version(name) for name in names}, reverse=True)
    return tuple(
        str(version)
        for version in versions
        if version >= Version(oldest) and not version.is_prerelease
    )


def run_pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pip of this Python. Raise UserError if it has none."""
    if importlib.util.find_spec("pip") is None:
        raise UserError(
            f"{sys.executable} has no pip, which fetches a framework's headers: "
            f"run `{sys.executable} -m ensurepip`, or give a checkout: FRAMEWORK@PATH"
        )
    return subprocess.run(
        module_command("pip", *arguments, "--disable-pip-version-check", "--retries", "1"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _explain_failure(package: ReleasePackage, version: str, stderr: str) -> str:
    """Distinguish a dead network from a missing release: pip has one message for both."""
    released, checkout = list_versions(package), f"give {package.name}@PATH"
    if not released:
        return f"the package index can't be reached to fetch it: connect, or {checkout}"
    if version not in released:
        return f"there is no such release: choose {', '.join(released)}"
    errors = [line for line in stderr.splitlines() if line.startswith("ERROR")]
    return f"pip can't fetch it ({' '.join(errors[:1])}): try again, or {checkout}"
