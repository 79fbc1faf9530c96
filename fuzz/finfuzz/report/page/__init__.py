"""Render a campaign and its findings as one HTML page, as a file or served live."""
