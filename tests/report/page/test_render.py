"""The page without a browser: complete, self-contained, unaffected by a crash's output."""

from __future__ import annotations

import re
import shutil
import time
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from finfuzz.campaign.nodes import NodeRow
from finfuzz.campaign.plan import Lane
from finfuzz.report.page.render import Renderer, render_page
from finfuzz.triage.findings.finding import list_folders
from helpers.campaign_example import fill, journal_in, plan, state_with
from helpers.finding_example import crashes_with, finding
from helpers.hostile_example import BUCKET, HOSTILE, hostile_finding
from helpers.places import CRASHES

_URL_ATTRIBUTES = {"src", "href", "xlink:href", "action", "formaction", "data", "poster", "srcset"}


class Reader(HTMLParser):
    """Collects tags, attributes and ids, and the text outside of scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.ids: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self.ids += [value for name, value in attrs if name == "id" and value]
        self._inside = tag if tag in ("script", "style") else ""

    def handle_data(self, data: str) -> None:
        self.text += "" if self._inside else data

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._inside = ""


def render(state: Path, crashes: Path | None = None) -> str:
    return render_page(Renderer(state, crashes).render_parts(), made="now")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return state_with(tmp_path / "state", plan(tmp_path / "crashes"))


@pytest.fixture
def filled(state: Path, tmp_path: Path) -> Path:
    fill(journal_in(state), 300, buckets=({"bucket": finding().bucket},))
    shutil.copytree(CRASHES, tmp_path / "crashes")
    crashes_with(tmp_path / "crashes", finding())
    return state


def test_nodes_of_a_cluster_are_a_table(state: Path) -> None:
    journal = journal_in(state)
    assert "Nodes of the cluster" not in render(state)
    row = NodeRow(workers=4, executions=70, seconds=2.0, floor_seconds=0.01, kernel="6.1")
    with journal.writing():
        journal.save_node("<node1>", row)
    text = Reader(render(state)).text
    assert all(part in text for part in ("Nodes of the cluster", "<node1>", "35 %", "6.1"))


def test_nothing_is_asked_of_the_network(filled: Path) -> None:
    html = render(filled)
    reader = Reader(html)
    for tag, attributes in reader.tags:
        for name in _URL_ATTRIBUTES & attributes.keys():
            assert attributes[name].startswith(("#", "data:,")), (tag, name)
        assert tag not in ("iframe", "object", "embed", "base", "img")
    style = html[html.index("<style>") : html.index("</style>")]
    assert "@import" not in style
    assert "url(" not in style
    assert len(reader.ids) == len(set(reader.ids))


def test_the_policy_allows_the_one_script_alone(filled: Path) -> None:
    html = render(filled)
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL)
    assert len(scripts) == 1
    digest = b64encode(sha256(scripts[0].encode()).digest()).decode()
    policies = [tag["content"] for name, tag in Reader(html).tags if tag.get("http-equiv")]
    assert policies == [
        "default-src 'none'; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; img-src data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'"
    ]


def test_every_finding_is_complete(filled: Path) -> None:
    text = Reader(render(filled)).text
    for words in (
        "crashes (SIGABRT, internals-recreated) in Py_FinalizeEx, after the interpreter's dict is "
        "cleared",
        "survives on pybind11 as released, so the policy `destroy` is required",
        "crashed differently, 3 of 3: SIGSEGV/internals-recreated-silently",
        "10 of 10 (72 to 100 %)",
        "root a codec",
        "clear_instance",
        "#include <pybind11/pybind11.h>",
        "def program():",
    ):
        assert words in text
    findings = len(list_folders(CRASHES)) + 1
    assert render(filled).count('class="graph"') > findings
    assert render(filled).count('class="timeline"') == findings


def test_hostile_text_is_text(state: Path, tmp_path: Path) -> None:
    hostile_finding(tmp_path / "crashes")
    journal = journal_in(state)
    bucket = {"bucket": "c" * 12, "signal": HOSTILE, "diagnostic": HOSTILE, "path": HOSTILE}
    known = {"bucket": HOSTILE, "state": "known", "title": HOSTILE}
    fill(journal, 30, buckets=(bucket, known))
    with journal.writing():
        journal.add_note(HOSTILE)
        journal.put("tallies", lane=0, sort="mutator", name=HOSTILE, tried=1, features=1,
                    signatures=0, weight=1.0)  # fmt: skip
    html = render(state)
    reader = Reader(html)
    tags = {tag for tag, _ in reader.tags}
    assert not tags & {"img", "iframe"}
    assert [tag for tag, _ in reader.tags].count("script") == 1
    assert not [name for _, each in reader.tags for name in each if name.startswith("on")]
    assert (
        re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff]", html)
        is None
    )
    assert "{{ 7 * 7 }}" in reader.text
    assert "␀␇␛[31mred" in reader.text
    assert "⟨U+202E⟩gnp.exe" in reader.text
    assert f"f-{BUCKET}" in reader.ids
    assert "a secret of the machine" not in html
    assert "4,960,007 more bytes in stderr.txt" in reader.text
    assert len(html) < 1_000_000


def test_hostile_lane_names_reach_plots(tmp_path: Path) -> None:
    lanes = (Lane("plain-c" + HOSTILE, "/usr/bin/python3", HOSTILE[:100]),)
    state = state_with(tmp_path / "state", plan(tmp_path / "crashes", lanes))
    fill(journal_in(state, lanes), 30, lanes)
    reader = Reader(render(state))
    assert [tag for tag, _ in reader.tags].count("script") == 1
    assert "img" not in {tag for tag, _ in reader.tags}


def test_damaged_and_missing_findings_are_shown_as_such(state: Path, tmp_path: Path) -> None:
    crashes = tmp_path / "crashes"
    crashes_with(
        crashes,
        finding(),
        finding(bucket="1" * 12, program="no program at all\n"),
        finding(bucket="2" * 12, target=None),
    )
    spec = finding(bucket="3" * 12)
    folder = crashes_with(crashes, spec) / spec.folder
    text = (folder / "finding.json").read_text()
    (folder / "finding.json").write_text(text.replace("pybind11==3.1.0+destroy", "what is that"))
    for name, content in (("a" * 12, "{"), ("b" * 12, '{"schema_version": 99}')):
        (crashes / "SIGABRT" / "none" / name).mkdir(parents=True)
        (crashes / "SIGABRT" / "none" / name / "finding.json").write_text(content)
    fill(journal_in(state), 3, buckets=({"bucket": "4" * 12, "signal": "HANG", "path": "/gone"},))
    html = render(state)
    reader = Reader(html)
    statuses = {
        each["id"]: each["data-status"] for tag, each in reader.tags if "data-status" in each
    }
    assert statuses == {
        f"f-{finding().bucket}": "new",
        **{"f-" + letter * 12: "damaged" for letter in "123ab"},
        "f-" + "4" * 12: "missing",
    }
    assert "its program: line 1, column 1: found `no`" in reader.text
    assert "schema version 99" in reader.text
    assert "its folder is gone" in reader.text


def test_a_campaign_that_has_not_started(state: Path) -> None:
    text = Reader(render(state)).text
    for words in ("has not started yet", "No findings.", "Nothing to plot yet", "Nothing yet."):
        assert words in text


def test_a_campaign_of_two_seconds(state: Path) -> None:
    journal = journal_in(state)
    with journal.writing():
        journal.put("runs", began=time.time() - 2)
        journal.put("samples", time=time.time(), lane=0, executions=40, findings=0)
    html = render(state)
    assert "running now" not in html or "last update" not in html
    assert 'class="pygal-chart"' in html


def test_weeks_are_small_and_fast(state: Path) -> None:
    fill(journal_in(state), 60_000)
    began = time.process_time()
    html = render(state)
    assert time.process_time() - began < 3
    assert len(html.encode()) < 2_000_000


def test_findings_that_did_not_change_are_not_rendered_anew(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = Renderer(filled)
    first = renderer.render_parts()
    asked = []
    monkeypatch.setattr("finfuzz.report.page.render.load_detail", asked.append)
    assert renderer.render_parts().findings == first.findings
    assert asked == []
    monkeypatch.undo()
    folder = tmp_path / "crashes" / finding().folder
    (folder / "stderr.txt").write_text("and then this")
    assert "and then this" in renderer.render_parts().findings[f"f-{finding().bucket}"]
