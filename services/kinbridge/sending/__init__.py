"""Sending: one destination at a time, in order, and how each dispatch ended."""
