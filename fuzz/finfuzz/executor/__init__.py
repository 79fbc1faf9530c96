"""The parent's side of a child: zygotes, shared memory, limits, outcomes."""
