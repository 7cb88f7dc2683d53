"""Linking: who is this, and which open children does it concern."""
