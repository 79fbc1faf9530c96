"""TOML that people write, read into a Struct; what is misspelt is said with what may be meant."""

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
    """``name``: what the file is called in messages; ``keys``: every key it may have.

    Raises UserError, with the nearest known key for one that is unknown.
    """
    try:
        return msgspec.toml.decode(path.read_bytes().removeprefix(codecs.BOM_UTF8), type=kind)
    except OSError as error:
        raise UserError(f"can't read the {name} {path}: {error.strerror}") from None
    except (UnicodeDecodeError, msgspec.DecodeError) as error:
        raise UserError(f"{path} is no {name}: {error}{_nearest(str(error), keys)}") from None


def _nearest(complaint: str, keys: Iterable[str]) -> str:
    unknown = re.search(r"unknown field `([^`]*)`", complaint)
    near = difflib.get_close_matches(unknown[1], list(keys), n=1) if unknown else []
    return f": did you mean {near[0]}?" if near else ""
