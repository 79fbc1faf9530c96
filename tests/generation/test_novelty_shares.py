"""Counts of features on two machines: each learns what the other has run, whatever comes twice."""

from __future__ import annotations

import zlib
from pathlib import Path
from random import Random

import pytest

from finfuzz.generation import novelty_shares
from finfuzz.generation.novelty import PLACES, Novelty
from finfuzz.generation.novelty_shares import NoveltyPool, NoveltyShare, unpack

FEATURES = [7, 1 << 22, (1 << 23) - 1]


def test_what_one_machine_has_run_is_no_news_to_the_other(tmp_path: Path) -> None:
    pool = NoveltyPool(tmp_path / "campaign")
    here, there = NoveltyShare(tmp_path / "here"), NoveltyShare(tmp_path / "there")
    own, other = Novelty(tmp_path / "here"), Novelty(tmp_path / "there")
    own.count(FEATURES)
    changes = here.take_changes()
    assert here.take_changes() == b""
    for _ in range(2):  # it may come twice
        pool.merge(changes)
        there.merge(pool.list_since(0))
    assert other.rate(FEATURES) == own.rate(FEATURES) < Novelty().rate(FEATURES)
    assert there.take_changes() == b""  # it came from the campaign
    other.count(FEATURES)
    pool.merge(there.take_changes())
    here.merge(pool.list_since(0))
    assert own.rate(FEATURES) == other.rate(FEATURES)


def test_a_machine_that_joins_and_a_resumed_campaign_have_all_counts(tmp_path: Path) -> None:
    rng = Random(1)
    first = NoveltyShare(tmp_path / "here")
    counted = Novelty(tmp_path / "here")
    features = [rng.randrange(1 << 40) for _ in range(50)]
    counted.count(features)
    NoveltyPool(tmp_path / "campaign").merge(first.take_changes())
    resumed = NoveltyPool(tmp_path / "campaign")
    NoveltyShare(tmp_path / "later", resumed.pack())
    assert Novelty(tmp_path / "later").rate(features) == counted.rate(features)
    assert resumed.list_since(resumed.position) == b""


def test_much_is_sent_bit_by_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(novelty_shares, "MOST_SENT", 10)
    share = NoveltyShare(tmp_path / "here")
    Novelty(tmp_path / "here").count(range(25))
    assert [len(share.take_changes()) // 4 for _ in range(4)] == [10, 10, 5, 0]


def test_packed_counts_take_no_more_memory_than_ours() -> None:
    assert len(unpack(b"")) == PLACES
    assert len(unpack(zlib.compress(bytes(PLACES + 100)))) == PLACES
    assert len(unpack(zlib.compress(b"short"))) == PLACES
