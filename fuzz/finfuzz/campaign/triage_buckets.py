"""Buckets as the triage process reports them to the supervisor."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from finfuzz.campaign.messages import Bucket
from finfuzz.support.errors import UserError
from finfuzz.triage.findings.finding import load
from finfuzz.triage.findings.sightings import SeenBucket


def make_bucket(seen: SeenBucket, state: str) -> Bucket:
    """Describe a bucket by its folder if it is filed: its first sighting may differ from that."""
    diagnosis = seen.diagnosis
    signal, diagnostic, title = diagnosis.signal, diagnosis.diagnostic, ""
    if state == "filed" and seen.path is not None:
        *_, signal, diagnostic, _ = seen.path.parts
        title = _read_title(seen.path)
    return Bucket(
        bucket=diagnosis.bucket,
        signal=signal,
        diagnostic=diagnostic,
        state=state,
        title=title,
        path=str(seen.path or ""),
        new=seen.new,
        execution=seen.execution,
        seconds=seen.seconds,
        sightings=seen.sightings,
    )


def _read_title(folder: Path) -> str:
    """Read the title of a finding; empty where it can't be read."""
    try:
        return _load_title(folder, (folder / "finding.json").stat().st_mtime_ns)
    except (OSError, UserError):
        return ""


@lru_cache(maxsize=256)
def _load_title(folder: Path, _written_at: int) -> str:
    return load(folder).title
