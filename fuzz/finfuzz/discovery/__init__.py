"""Discovery: what a package is made of, written down as a recipe for people."""
