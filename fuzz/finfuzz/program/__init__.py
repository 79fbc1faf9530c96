"""The language: model, words, text form, legality, walk. Imports nothing else of finfuzz but ``support``."""
