"""Whose defect a finding is, read off the controls."""
