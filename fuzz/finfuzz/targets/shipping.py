"""Builds that travel: made on one machine, used on others of the same kind.

A key names what is compiled for a target, wherever it is. It has all that a build's id has, but
paths: where two machines compute the same key, the compiler would make the same there. A build's
own files name no folder of the machine that made them, except in debug information.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import msgspec
from filelock import FileLock

from finfuzz.support.errors import UserError
from finfuzz.support.files import folder_beside
from finfuzz.targets.build import plan_compiled
from finfuzz.targets.build_plan import (
    RECORD,
    BuildPlan,
    BuildRecord,
    locate_build,
    read_record,
    write_record,
)
from finfuzz.targets.compile_plan import compute_fingerprint
from finfuzz.targets.compiler import find_compiler, read_version
from finfuzz.targets.instrumentation import make_variables
from finfuzz.targets.interpreters import Interpreter
from finfuzz.targets.spec import TargetSpec

#: Bytes of a packed build: pybind11's has 2.5 MB, two of its extensions beside each other 5.
MOST_PACKED = 16 << 20
#: Bytes of its files, four times as many.
_MOST_BYTES = 64 << 20
#: A fast level: the best one takes five times as long and saves a seventh.
_LEVEL = 1
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,200}", re.ASCII)
_LOAD = "import ctypes, sys; [ctypes.CDLL(file) for file in sys.argv[1:]]"
_LOAD_SECONDS = 60.0


class _Packed(msgspec.Struct):
    key: str
    record: BuildRecord
    files: dict[str, bytes]


def find_key(spec: TargetSpec, interpreter: Interpreter) -> str:
    """Find the key of what is compiled for a target; for a package, the runtime.

    Raise UserError as ``build`` does.
    """
    return _compute_key(plan_compiled(spec, interpreter))


def pack(spec: TargetSpec, interpreter: Interpreter) -> bytes:
    """Pack the build that the cache has; empty if it has none, or one that is too large.

    Raise UserError as ``build`` does, and OSError.
    """
    plan = plan_compiled(spec, interpreter)
    directory = locate_build(plan)
    record = read_record(plan, directory)
    if record is None:
        return b""
    files = {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != RECORD
    }
    if sum(map(len, files.values())) > _MOST_BYTES:
        return b""
    packed = zlib.compress(
        msgspec.msgpack.encode(_Packed(_compute_key(plan), record, files)), _LEVEL
    )
    return packed if len(packed) <= MOST_PACKED else b""


def unpack(spec: TargetSpec, interpreter: Interpreter, packed: bytes) -> None:
    """Put a packed build into the cache, unless that has one. A child uses it as any other.

    Raise UserError if it is damaged, meant for another kind of machine, or can't be loaded here,
    and OSError.
    """
    plan = plan_compiled(spec, interpreter)
    there = _read(packed)
    if there.key != _compute_key(plan):
        raise UserError("a build of another machine is for another kind of machine")
    directory = locate_build(plan)
    directory.parent.mkdir(exist_ok=True)
    with FileLock(f"{directory}.lock"):
        if read_record(plan, directory) is not None:
            return
        with folder_beside(directory) as scratch:
            made = scratch / "build"
            _write_files(there.files, made)
            _require_loadable(plan, made)
            own = f"{interpreter.text} {interpreter.executable}"
            write_record(
                msgspec.structs.replace(there.record, id=plan.id, python=own, seconds=0.0), made
            )
            if read_record(plan, made) is None:
                raise UserError("a build of another machine lacks a file")
            shutil.rmtree(directory, ignore_errors=True)  # an incomplete build, if any
            os.rename(made, directory)


def _compute_key(plan: BuildPlan) -> str:
    """Compute the key: what is compiled, by what, against what, for which C library."""
    interpreter = plan.interpreter
    facts = [
        *(interpreter.text, interpreter.commit, interpreter.ext_suffix),
        _digest_headers(interpreter.includes),
        platform.machine(),
        *platform.libc_ver(),
        read_version(find_compiler()),
    ]
    return compute_fingerprint(plan.libraries, plan.child, plan.spec, facts)


@functools.cache
def _digest_headers(includes: tuple[Path, ...]) -> str:
    """Digest CPython's headers and pyconfig.h: all of it that a compiler reads."""
    digest = hashlib.sha256()
    for folder in includes:
        for file in sorted(folder.rglob("*.h")):
            content = file.read_bytes()
            digest.update(f"{file.relative_to(folder)} {len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _read(packed: bytes) -> _Packed:
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(packed, 2 * _MOST_BYTES)
        if not unpacking.eof:
            raise UserError("a build of another machine is cut off, or too large")
        return msgspec.msgpack.decode(data, type=_Packed)
    except (zlib.error, msgspec.DecodeError) as error:
        raise UserError(f"a build of another machine is damaged: {error}") from error


def _write_files(files: dict[str, bytes], folder: Path) -> None:
    """Write the files of a build below ``folder``; no name leads out of it."""
    for name, content in files.items():
        parts = PurePosixPath(name).parts
        if not parts or len(parts) > 2 or not all(_NAME.fullmatch(part) for part in parts):
            raise UserError(f"a build of another machine has a file of the name {name!r}")
        path = folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if path.suffix == ".so" else 0o644)


def _require_loadable(plan: BuildPlan, folder: Path) -> None:
    """Load the shared objects in a process of the CPython: another libstdc++ may be too old."""
    command = [str(plan.interpreter.executable), "-I", "-S", "-c", _LOAD, *_list_objects(folder)]
    variables = {**os.environ, **make_variables(plan.interpreter)}
    try:
        done = subprocess.run(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_LOAD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError("a build of another machine does not load") from None
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        why = last.replace(f"{folder}/", "") or f"exit code {done.returncode}"
        raise UserError(f"a build of another machine can't be loaded: {why}")


def _list_objects(folder: Path) -> Iterator[str]:
    return (str(path) for path in sorted(folder.glob("*.so")))
