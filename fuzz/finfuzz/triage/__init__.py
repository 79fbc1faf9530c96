"""The pipeline from a sighting to a finding: sort, confirm, minimize, file."""
