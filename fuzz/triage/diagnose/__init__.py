"""What an outcome means: a signal, a diagnostic, a phase, and the frames that tell."""

from fuzz.triage.diagnose.diagnosis import DIAGNOSTICS, Diagnosis
from fuzz.triage.diagnose.reading import diagnose, key_frames

__all__ = ["DIAGNOSTICS", "Diagnosis", "diagnose", "key_frames"]
