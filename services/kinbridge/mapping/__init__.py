"""Mapping: an adapter turns bytes into shared events, or they end here with a reason."""
