"""The ground-truth benchmark: known defects, and the time to find each again."""
