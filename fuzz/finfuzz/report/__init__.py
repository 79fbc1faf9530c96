"""What people and other tools read of findings: lists, single findings, exports."""
