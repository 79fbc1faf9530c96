"""Keep the page of a running campaign, and the parts that changed since a given generation."""

from __future__ import annotations

import secrets
import threading
import time
from pathlib import Path

import msgspec

from finfuzz.report.page import text
from finfuzz.report.page.render import Advance, Parts, Renderer, render_page
from finfuzz.support.errors import UserError
from finfuzz.support.terminal import reveal

#: The journal is not read more often than this, however many browsers poll.
_LEAST_SECONDS = 2.0
#: `int` refuses more than 4,300 digits; no generation has twenty.
_MOST_DIGITS = 20


class Changes(msgspec.Struct, frozen=True):
    """The answer to the page's script: ``parts`` has the HTML of changed parts by id.

    ``findings`` are the ids of all findings, in order. ``problem`` says why the campaign can't be
    read at the moment.
    """

    generation: str
    title: str
    made: str
    problem: str
    parts: dict[str, str]
    findings: list[str]


class Live:
    """Keeps the page of one state folder; safe to use from several threads.

    Raises UserError if the folder can't be read at the start.
    """

    def __init__(self, state: Path, crashes: Path | None, advance: Advance | None = None) -> None:
        self._renderer = Renderer(state, crashes)
        self._lock = threading.Lock()
        # Tells this server's generations from those of an earlier server.
        self._name = secrets.token_hex(4)
        self._number = 0
        self._changed: dict[str, int] = {}
        self._problem = ""
        self._parts = Parts("", {}, {})
        self._looked = self._made = 0.0
        self._take(self._renderer.render_parts(advance))

    def render_page(self) -> str:
        """Render the whole current page."""
        with self._lock:
            self._refresh()
            return render_page(self._parts, generation=self._generation, made=self._age)

    def collect_changes(self, since: str) -> Changes:
        """Return the parts changed since a generation; all parts if it is another server's."""
        with self._lock:
            self._refresh()
            name, _, number = since.partition("-")
            known = name == self._name and number.isdecimal() and len(number) < _MOST_DIGITS
            seen = int(number) if known else -1
            every = {**self._parts.sections, **self._parts.findings}
            changed = {key: html for key, html in every.items() if self._changed[key] > seen}
            return Changes(
                self._generation,
                self._parts.title,
                self._age,
                self._problem,
                changed,
                list(self._parts.findings),
            )

    @property
    def _generation(self) -> str:
        return f"{self._name}-{self._number}"

    @property
    def _age(self) -> str:
        return f"as of {text.format_moment(self._made)}"

    def _refresh(self) -> None:
        if time.monotonic() - self._looked < _LEAST_SECONDS:
            return
        try:
            parts = self._renderer.render_parts()
            self._problem = ""
        except (UserError, OSError) as error:
            # Half-moved folders and the like are temporary: keep the parts that were read before.
            self._problem = reveal(str(error))
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
