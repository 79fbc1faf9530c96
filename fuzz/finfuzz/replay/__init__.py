"""Replay known programs and findings on many builds, and compare with the expected outcomes."""
