"""Targets that are packages: any extension, by its wheel or where it is installed."""
