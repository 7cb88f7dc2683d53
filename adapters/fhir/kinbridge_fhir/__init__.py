"""NHS side."""
