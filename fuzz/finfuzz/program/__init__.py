"""The language: model, words, text form, legality, walk. Imports ``support`` alone."""
