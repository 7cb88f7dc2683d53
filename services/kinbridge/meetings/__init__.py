"""Meetings about children at risk: what may happen to one, what is told of it, its measures."""
