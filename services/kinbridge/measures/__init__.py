"""Figures for people: what was told on the line, counted beside it. Nothing here is of a stage."""
