"""Known programs over many builds."""
