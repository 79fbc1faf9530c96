"""A new finding's script under heavier instruments: sanitizers, debuggers, other allocators."""
