"""The records of findings on disk, and what can be read from them without running anything."""
