from pathlib import Path

import pytest

from finfuzz.generation.novelty import Novelty


def test_what_was_run_four_times_is_worth_nothing() -> None:
    novelty = Novelty()
    rates = []
    for _ in range(6):
        rates.append(novelty.rate([7]))
        novelty.count([7])
    assert rates[0] == 1
    assert rates == sorted(rates, reverse=True)
    assert rates[3] > 0
    assert rates[4:] == [0, 0]


def test_features_add_up() -> None:
    novelty = Novelty()
    novelty.count([1, 2])
    assert novelty.rate([1, 2, 3]) == pytest.approx(2 * novelty.rate([1]) + 1)


def test_workers_share_a_file(tmp_path: Path) -> None:
    first, second = Novelty(tmp_path / "novelty"), Novelty(tmp_path / "novelty")
    first.count([5])
    assert second.rate([5]) < 1
    assert Novelty(tmp_path / "novelty").rate([5]) < 1  # so does a resumed campaign


def test_the_file_takes_no_more_room_than_is_used(tmp_path: Path) -> None:
    path = tmp_path / "novelty"
    novelty = Novelty(path)
    novelty.count(range(1000))
    assert path.stat().st_size == 1 << 23
    assert path.stat().st_blocks * 512 < 1 << 20


def test_a_file_that_was_cut_off_is_made_whole(tmp_path: Path) -> None:
    path = tmp_path / "novelty"
    path.write_bytes(b"\4" * 10)
    assert Novelty(path).rate([100, 2**32 - 1]) == 2
