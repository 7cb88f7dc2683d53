"""Local-authority side."""
