"""Records of Ferndale to shared events."""

from ferndale_records.adapter import Ferndale

__all__ = ["Ferndale"]
