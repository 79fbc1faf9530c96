"""Run a command apart from the machine, as far as the kernel allows: `python isolation.py REQUEST`.

REQUEST is JSON with `command`, to which REQUEST itself is appended with `isolated` (whether
processes and network are apart), `scratch`, the working folder, and `report`, a file descriptor.
That gets two lines of JSON: what is apart, before the command starts, and how the command ended.

The command runs in namespaces of its own: its processes see no others, its network has no way out,
and of all files only those in the scratch folder can be written. This file runs as a script and
imports nothing of finfuzz.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_NEW_USER = 0x10000000
#: Parts of the machine and the flags of unshare(2).
_PARTS = {"processes": 0x20000000, "network": 0x40000000, "IPC": 0x08000000, "files": 0x00020000}
_MS_PRIVATE, _MS_REC = 1 << 18, 1 << 14
_MOUNT_SETATTR = 442  # the same number on every architecture
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_RDONLY = 1
_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36
_SCRATCH_OPTIONS = b"size=512m,mode=700"
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Isolate this process, run the command in a process below, and report its end."""
    request: dict[str, Any] = json.loads(sys.argv[1])
    apart = _enter_namespaces()
    first = os.fork()
    if first == 0:
        # The first process of the namespace: the kernel ends all others with it.
        _libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _libc.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        _run(request, apart)
        os._exit(0)
    os.waitpid(first, 0)


def _run(request: dict[str, Any], apart: list[str]) -> None:
    if "files" in apart and not _protect_files(request["scratch"]):
        apart.remove("files")
    missing = [part for part in _PARTS if part not in apart]
    isolated = {"processes", "network"}.issubset(apart)
    _report(request, event="isolated", missing=missing)
    os.chdir(request["scratch"])
    command = [*request["command"], json.dumps({**request, "isolated": isolated})]
    pid = os.fork()
    if pid == 0:
        _libc.prctl(_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.execv(command[0], command)
    while True:
        ended, status = os.wait()
        if ended == pid:
            break
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    code = 0 if number else os.WEXITSTATUS(status)
    _report(request, event="ended", signal=number, code=code)


def _enter_namespaces() -> list[str]:
    """Enter as many namespaces as possible. Return the names of the parts that are apart now."""
    # AppArmor lets a process enter one in which it may do nothing, and there is no way back.
    if _try_in_child(_become_user):
        _become_user()
    # Root may enter the others without.
    return [part for part, flag in _PARTS.items() if _libc.unshare(flag) == 0]


def _become_user() -> None:
    """Enter a user namespace, as the user that we are. Raises OSError."""
    uid, gid = os.getuid(), os.getgid()
    if _libc.unshare(_NEW_USER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _try_in_child(step: Callable[[], None]) -> bool:
    pid = os.fork()
    if pid == 0:
        try:
            step()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0


def _protect_files(scratch: str) -> bool:
    """Make all files read-only but the scratch folder. Return whether that worked."""
    read_only = (ctypes.c_uint64 * 4)(_RDONLY, 0, 0, 0)  # struct mount_attr: set, clear, …
    steps: list[Callable[[], int]] = [
        lambda: _mount(None, "/", None, _MS_REC | _MS_PRIVATE),
        lambda: _libc.syscall(
            _MOUNT_SETATTR, _AT_FDCWD, b"/", _AT_RECURSIVE, read_only, ctypes.sizeof(read_only)
        ),
        lambda: _mount("tmpfs", scratch, "tmpfs", 0, _SCRATCH_OPTIONS),
    ]
    worked = all(step() == 0 for step in steps)
    # /proc still shows the processes outside; where it can't be mounted, nothing else suffers.
    _mount("proc", "/proc", "proc", 0)
    return worked


def _mount(
    source: str | None, target: str, kind: str | None, flags: int, options: bytes | None = None
) -> int:
    names = [name.encode() if name is not None else None for name in (source, target, kind)]
    result: int = _libc.mount(*names, ctypes.c_ulong(flags), options)
    return result


def _report(request: dict[str, Any], **answer: object) -> None:
    os.write(request["report"], json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
