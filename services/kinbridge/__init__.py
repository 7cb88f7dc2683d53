"""Kinbridge's services: the line of stages, from a received message to a sent alert."""
