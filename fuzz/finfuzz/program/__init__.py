"""The language: model, steps, text form, generation, mutation. Imports nothing of the project."""
