"""What is kept of a failure that did not come again, and where: never through a link."""

from __future__ import annotations

from pathlib import Path

import pytest

from finfuzz.support.errors import UserError
from finfuzz.triage.unconfirmed import FOLDER, keep_unconfirmed
from helpers.outcome_files import SURVIVED

BUCKET = "0123456789ab"


@pytest.mark.parametrize("place", [FOLDER, f"{FOLDER}/{BUCKET}"])
def test_no_link_is_followed(place: str, tmp_path: Path) -> None:
    """A mailed crashes folder had files written wherever its link led (issue 21)."""
    crashes, outside = tmp_path / "crashes", tmp_path / "outside"
    outside.mkdir()
    (crashes / place).parent.mkdir(parents=True)
    (crashes / place).symlink_to(outside)
    with pytest.raises(UserError, match=rf"{place} is a link, and findings have none: remove it"):
        keep_unconfirmed(crashes, BUCKET, "finfuzz 1\n", SURVIVED)
    assert list(outside.iterdir()) == []


def test_a_file_that_is_a_link_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER / BUCKET
    folder.mkdir(parents=True)
    (tmp_path / "mine").write_text("of the user")
    (folder / "program.fin").symlink_to(tmp_path / "mine")
    assert keep_unconfirmed(tmp_path, BUCKET, "finfuzz 1\n", SURVIVED) == folder
    assert (folder / "program.fin").read_text() == "finfuzz 1\n"
    assert (tmp_path / "mine").read_text() == "of the user"
