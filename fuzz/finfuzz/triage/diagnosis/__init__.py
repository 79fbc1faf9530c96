"""Diagnose outcomes: a signal, a diagnostic, a phase, and the telling frames."""

from finfuzz.triage.diagnosis.diagnosis import DIAGNOSTICS, Diagnosis
from finfuzz.triage.diagnosis.reading import diagnose, find_key_frames

__all__ = ["DIAGNOSTICS", "Diagnosis", "diagnose", "find_key_frames"]
