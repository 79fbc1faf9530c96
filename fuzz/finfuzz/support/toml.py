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
from finfuzz.support.reading import read_bounded, shorten

T = TypeVar("T", bound=msgspec.Struct)

#: The largest of our own files has 11 KiB.
_LARGEST = 256 << 10
#: A key of n dotted parts costs tomllib n² steps: one of 32,768 took 21 s (issue 21).
_MOST_DOTS = 200


def read_toml(path: Path, kind: type[T], name: str, keys: Iterable[str] = ()) -> T:
    """Decode a file. ``name`` is the file's name in messages, ``keys`` are all keys it may have.

    Raise UserError for a file that is unreadable or wrong, with the nearest key for an unknown one.
    """
    data = read_bounded(path, _LARGEST, f"the {name}").removeprefix(codecs.BOM_UTF8)
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.count(b".") > _MOST_DOTS:
            raise UserError(f"{path} is no {name}: line {number} has more than {_MOST_DOTS} dots")
    try:
        return msgspec.toml.decode(data, type=kind)
    except RecursionError:
        raise UserError(f"{path} is no {name}: it is nested too deeply") from None
    except (ValueError, msgspec.DecodeError) as error:  # ValueError: a number of 5,000 digits
        complaint = shorten(str(error), 200)
        raise UserError(
            f"{path} is no {name}: {complaint}{_suggest_key(complaint, keys)}"
        ) from None


def _suggest_key(complaint: str, keys: Iterable[str]) -> str:
    unknown = re.search(r"unknown field `([^`]*)`", complaint)
    near = difflib.get_close_matches(unknown[1], list(keys), n=1) if unknown else []
    return f": did you mean {near[0]}?" if near else ""
