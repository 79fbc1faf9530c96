"""A new finding's script under heavier instruments, and what each of them says."""
