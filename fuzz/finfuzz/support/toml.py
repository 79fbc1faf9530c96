"""Read hand-written TOML into a Struct, and suggest the nearest key for a misspelt one."""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from finfuzz.support.errors import UserError

T = TypeVar("T", bound=msgspec.Struct)


def read_toml(path: Path, kind: type[T], name: str, keys: Iterable[str]) -> T:
    """Decode a file. ``name`` is the file's name in messages, ``keys`` are all keys it may have.

    Raise UserError for a file that is unreadable or wrong, with the nearest key for an unknown one.
    """
    try:
        return msgspec.toml.decode(path.read_bytes().removeprefix(codecs.BOM_UTF8), type=kind)
    except OSError as error:
        raise UserError(f"can't read the {name} {path}: {error.strerror}") from None
    except (UnicodeDecodeError, msgspec.DecodeError) as error:
        raise UserError(f"{path} is no {name}: {error}{_suggest_key(str(error), keys)}") from None


def _suggest_key(complaint: str, keys: Iterable[str]) -> str:
    unknown = re.search(r"unknown field `([^`]*)`", complaint)
    near = difflib.get_close_matches(unknown[1], list(keys), n=1) if unknown else []
    return f": did you mean {near[0]}?" if near else ""
