"""The check of a target: known scenarios, each in a fresh process, and a word for each outcome."""
