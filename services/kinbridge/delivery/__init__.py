"""Delivery: who receives a revision, and what of it they may see."""
