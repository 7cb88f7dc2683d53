"""Retrieval: other systems are asked, one question at a time, and their answers come in."""
