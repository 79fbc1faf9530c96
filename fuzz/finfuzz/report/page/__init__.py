"""A campaign and its findings as one HTML page, to be mailed or to be watched."""
