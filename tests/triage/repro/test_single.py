"""A script in one file: its sources lie in a folder of its own when it has run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from finfuzz.triage.repro.single import join_files, quote_source

TOP = "import os\n\nHERE = os.path.dirname(os.path.abspath(__file__))\n"
SHOWS = "for name in sorted(os.listdir(HERE)):\n    print(open(os.path.join(HERE, name)).read())\n"


def run(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    command = [sys.executable, "-I", name]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_a_script_alone_stays_as_it_is() -> None:
    assert join_files({"repro.py": "print()\n"}) == "print()\n"


def test_the_sources_are_written_once_and_two_scripts_share_none(tmp_path: Path) -> None:
    """A second script would build the first one's extension, which lacks what it needs."""
    first, second = (
        join_files({"repro.py": TOP + SHOWS, "extension.cpp": text, "capi.cpp": "// capi"})
        for text in ("// one", "// two")
    )
    assert run(tmp_path, "first.py", first) == "// capi\n// one\n"
    assert run(tmp_path, "second.py", second) == "// capi\n// two\n"
    (written, _) = sorted(tmp_path.glob("modules-*/extension.cpp"))
    written.write_text("// as a person changed it")
    outputs = {run(tmp_path, "first.py", first), run(tmp_path, "second.py", second)}
    assert len([one for one in outputs if "as a person changed it" in one]) == 1


@pytest.mark.parametrize("text", ["a\n", "'''", "ends in \\", "\\n stays", '"quoted"'])
def test_a_source_is_quoted_whole(text: str) -> None:
    assert eval(quote_source(text)) == text
