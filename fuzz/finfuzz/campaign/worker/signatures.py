"""Signatures of programs that went wrong, as a worker finds them, counted by route.

A signature is a hash of all facts of an outcome that a diagnosis may use, so all workers compute
the same one. The first program of each signature becomes a file; further ones are only counted.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from zlib import crc32

import msgspec

from finfuzz.campaign.folder import MOST_SIGNATURES
from finfuzz.campaign.messages import NewSignature, SightingCount
from finfuzz.executor.outcome import Outcome
from finfuzz.program.model import Program
from finfuzz.program.text import ParseError, parse, to_text
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.support.reading import read_bounded
from finfuzz.triage.findings.record import SeenOn
from finfuzz.triage.findings.routes import MOST, collect_roots

_VARYING = re.compile(r"0x[0-9a-f]+|`[^`]*`|'[^']*'|(?<=^finfuzz: )step \d+", re.MULTILINE)
#: The name under which all signatures beyond MOST_SIGNATURES are counted.
FURTHER = "further"
#: Signatures of programs that leave objects: so many are compared with the control.
_SHARDS = 16
#: A program of 64 KiB, and standard error of as much.
_LARGEST = 4 << 20


class SignatureFile(msgspec.Struct, frozen=True):
    """The file of a signature: its first program, and when the worker ran that program.

    ``on``: the node of a cluster that ran it.
    """

    text: str
    outcome: Outcome
    execution: int
    seconds: float
    on: SeenOn | None = None


class SignatureCounter:
    """The signatures that one worker has met. Other workers write to the ``folder``, too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._routes: dict[str, set[tuple[str, ...]]] = {}
        self._unsent: dict[tuple[str, tuple[str, ...]], SightingCount] = {}

    def add(
        self, program: Program, outcome: Outcome, execution: int, seconds: float
    ) -> NewSignature | None:
        """Count a program that went wrong; return its signature if new to this worker.

        Raises OSError if the signature's file can't be written.
        """
        signature = compute_signature(program, outcome)
        routes = self._routes.get(signature)
        file = self._folder / signature
        if routes is None and not file.exists() and self._is_full:
            self._count(FURTHER, (), "")
            return None
        roots = collect_roots(program)
        if routes is not None:
            further = roots not in routes and len(routes) < MOST
            if further:
                routes.add(roots)
            kept = roots if roots in routes else ()
            self._count(signature, kept, _print(program) if further else "")
            return None
        text = _print(program)
        if not file.exists():
            write_whole(file, encode(SignatureFile(text, outcome, execution, seconds)))
        self._routes[signature] = {roots}
        self._count(signature, roots, text)
        return NewSignature(signature, execution, seconds)

    @property
    def _is_full(self) -> bool:
        """Whether the lane has its signatures: those of workers before this one count as well."""
        return len(os.listdir(self._folder)) >= MOST_SIGNATURES

    def take_unsent(self) -> tuple[SightingCount, ...]:
        """Return the counts since the last call."""
        counts = tuple(self._unsent.values())
        self._unsent.clear()
        return counts

    def _count(self, signature: str, roots: tuple[str, ...], text: str) -> None:
        before = self._unsent.get((signature, roots))
        self._unsent[signature, roots] = (
            SightingCount(signature, roots, before.sightings + 1, before.text)
            if before
            else SightingCount(signature, roots, 1, text)
        )


def compute_signature(program: Program, outcome: Outcome) -> str:
    """Compute the name that an outcome shares with all that have the same diagnoses."""
    facts = (
        _pick_shard(program) if outcome.left and not outcome.died else 0,
        outcome.signal,
        outcome.phase,
        outcome.recreated_phase,
        outcome.capsule_lost,
        outcome.frames,
        outcome.recreated_frames,
        [(call.rule, call.function, call.site) for call in outcome.judged],
        _VARYING.sub("", outcome.stderr),
        outcome.leaked,
        [(one.step.partition(" ")[0], one.type, one.importing) for one in outcome.raised],
    )
    return hashlib.blake2b(repr(facts).encode(), digest_size=8).hexdigest()


def _pick_shard(program: Program) -> int:
    """Pick one of the signatures of programs that leave objects, and are alike but for that.

    Whether the control leaves as many depends on the program, and the first of each signature alone
    is compared: the first one must not hide all others.
    """
    words = sorted({(step.op, *step.args[1:]) for step in program.steps})
    return crc32(repr(words).encode()) % _SHARDS


def encode(first: SignatureFile) -> bytes:
    """Encode the file of a signature."""
    return msgspec.msgpack.encode(first)


def note_node(content: bytes, on: SeenOn) -> bytes:
    """Note in the file of a signature which node met it; a damaged file stays as it is."""
    try:
        first = msgspec.msgpack.decode(content, type=SignatureFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return content
    return encode(msgspec.structs.replace(first, on=on))


def load(folder: Path, signature: str) -> SignatureFile:
    """Load the file of a signature. Raises UserError if it is gone or damaged."""
    path = folder / signature
    try:
        raw = read_bounded(path, _LARGEST, "the signature")
        first = msgspec.msgpack.decode(raw, type=SignatureFile)
        parse(first.text)
        return first
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ParseError) as error:
        raise UserError(f"the signature {path} is damaged: {error}") from None


def _print(program: Program) -> str:
    return to_text(program.without_comments())
