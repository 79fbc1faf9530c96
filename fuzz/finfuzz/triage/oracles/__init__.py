"""Oracles without a crash: compare a program with its control, and with its own earlier steps."""
