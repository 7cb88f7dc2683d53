"""Consolidation: one open alert for each family and team; now, later, or already said."""
