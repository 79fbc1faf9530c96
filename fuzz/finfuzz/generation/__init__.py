"""New programs: generated, mutated, spliced, by weights that a campaign adjusts."""
