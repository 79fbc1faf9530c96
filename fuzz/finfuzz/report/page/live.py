"""The page of a campaign that goes on: what changed since somebody last looked."""

from __future__ import annotations

import secrets
import threading
import time
from pathlib import Path

import msgspec

from finfuzz.report.page import text
from finfuzz.report.page.render import Advance, Parts, Renderer, page
from finfuzz.support.errors import UserError

#: However many look, and however often: the journal is read so rarely.
_LEAST_SECONDS = 2.0


class News(msgspec.Struct, frozen=True):
    """What the page's script is told. ``parts``: HTML by id of what changed; ``findings``: the ids
    of all, in order. ``problem``: why nothing newer can be read, empty if it can."""

    generation: str
    title: str
    made: str
    problem: str
    parts: dict[str, str]
    findings: list[str]


class Live:
    """Keeps the page of one state folder; asked from several threads. Raises UserError where it
    can't be read to begin with."""

    def __init__(self, state: Path, crashes: Path | None, advance: Advance | None = None) -> None:
        self._renderer = Renderer(state, crashes)
        self._lock = threading.Lock()
        # Another server's generations mean nothing here.
        self._name = secrets.token_hex(4)
        self._number = 0
        self._changed: dict[str, int] = {}
        self._problem = ""
        self._parts = Parts("", {}, {})
        self._looked = self._made = 0.0
        self._take(self._renderer.parts(advance))

    def page(self) -> str:
        """The whole page as it is now."""
        with self._lock:
            self._refresh()
            return page(self._parts, generation=self._generation, made=self._told)

    def news(self, since: str) -> News:
        """What changed since that generation; everything where it is none of this server's."""
        with self._lock:
            self._refresh()
            name, _, number = since.partition("-")
            seen = int(number) if name == self._name and number.isdecimal() else -1
            every = {**self._parts.sections, **self._parts.findings}
            changed = {key: html for key, html in every.items() if self._changed[key] > seen}
            return News(
                self._generation,
                self._parts.title,
                self._told,
                self._problem,
                changed,
                list(self._parts.findings),
            )

    @property
    def _generation(self) -> str:
        return f"{self._name}-{self._number}"

    @property
    def _told(self) -> str:
        return f"as of {text.moment(self._made)}"

    def _refresh(self) -> None:
        if time.monotonic() - self._looked < _LEAST_SECONDS:
            return
        try:
            parts = self._renderer.parts()
            self._problem = ""
        except (UserError, OSError) as error:
            # Half-moved folders and the like pass; what was read before still stands.
            self._problem = text.visible(str(error))
            self._looked = time.monotonic()
            return
        self._take(parts)

    def _take(self, parts: Parts) -> None:
        before = {**self._parts.sections, **self._parts.findings}
        every = {**parts.sections, **parts.findings}
        changed = [key for key, html in every.items() if before.get(key) != html]
        if changed or list(parts.findings) != list(self._parts.findings):
            self._number += 1
        self._changed = {
            key: self._number if before.get(key) != html else self._changed[key]
            for key, html in every.items()
        }
        self._parts = parts
        self._looked, self._made = time.monotonic(), time.time()
