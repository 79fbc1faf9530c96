"""Programs that went wrong, as a worker meets them: told apart by their look, counted by route.

The first program of each look becomes a file; what looks the same is only counted. A look is what
no diagnosis could tell apart, and its name is a hash, so that workers agree on it.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec

from finfuzz.campaign.folder import MOST_SIGNATURES
from finfuzz.campaign.messages import Count, NewSignature
from finfuzz.executor.outcome import Outcome
from finfuzz.program.model import Program
from finfuzz.program.text import to_text
from finfuzz.support.errors import UserError
from finfuzz.support.files import write_whole
from finfuzz.triage.findings.routes import MOST, collect_roots

_VARYING = re.compile(r"0x[0-9a-f]+|`[^`]*`|'[^']*'")
#: Under which all are counted whose look came after MOST_LOOKS others.
FURTHER = "further"


class SignatureFile(msgspec.Struct, frozen=True):
    """The file of a look: its first program, and when the worker that met it ran it."""

    text: str
    outcome: Outcome
    execution: int
    seconds: float


class Signatures:
    """One worker's. ``folder``: the lane's, which other workers write to as well."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._routes: dict[str, set[tuple[str, ...]]] = {}
        self._unsent: dict[tuple[str, tuple[str, ...]], Count] = {}

    def add(
        self, program: Program, outcome: Outcome, execution: int, seconds: float
    ) -> NewSignature | None:
        """Counts it, and tells of its look if this worker has not met that.

        Raises OSError where its file can't be written.
        """
        signature = signature_of(outcome)
        routes = self._routes.get(signature)
        if routes is None and len(self._routes) >= MOST_SIGNATURES:
            self._count(FURTHER, (), "")
            return None
        roots = collect_roots(program)
        if routes is not None:
            further = roots not in routes and len(routes) < MOST
            if further:
                routes.add(roots)
            kept = roots if roots in routes else ()
            self._count(signature, kept, _printed(program) if further else "")
            return None
        text = _printed(program)
        file = self._folder / signature
        if not file.exists():
            write_whole(file, encoded(SignatureFile(text, outcome, execution, seconds)))
        self._routes[signature] = {roots}
        self._count(signature, roots, text)
        return NewSignature(signature, execution, seconds)

    def unsent(self) -> tuple[Count, ...]:
        """What was counted since the last time."""
        counts = tuple(self._unsent.values())
        self._unsent.clear()
        return counts

    def _count(self, signature: str, roots: tuple[str, ...], text: str) -> None:
        before = self._unsent.get((signature, roots))
        self._unsent[signature, roots] = (
            Count(signature, roots, before.sightings + 1, before.text)
            if before
            else Count(signature, roots, 1, text)
        )


def signature_of(outcome: Outcome) -> str:
    """A name for what two outcomes share that no diagnosis could tell apart."""
    facts = (
        outcome.signal,
        outcome.phase,
        outcome.recreated_phase,
        outcome.capsule_lost,
        outcome.frames,
        outcome.recreated_frames,
        _VARYING.sub("", outcome.stderr),
    )
    return hashlib.blake2b(repr(facts).encode(), digest_size=8).hexdigest()


def encoded(sighted: SignatureFile) -> bytes:
    """The bytes of a look's file."""
    return msgspec.msgpack.encode(sighted)


def load(folder: Path, signature: str) -> SignatureFile:
    """Raises UserError for a file that is gone or damaged."""
    path = folder / signature
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=SignatureFile)
    except OSError as error:
        raise UserError(f"can't read the sighting {path}: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise UserError(f"the sighting {path} is damaged: {error}") from None


def _printed(program: Program) -> str:
    return to_text(program.without_comments())
