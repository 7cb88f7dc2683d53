"""What can be wrong with input for ever. Codes and fields, never values."""

from __future__ import annotations

from typing import Final


class UnreadableError(Exception):
    """This input can never be read: it becomes a dead letter with its bytes kept.

    `reason` is a kebab-case code that is safe in a metric; `path` names the field, as
    `Bundle.entry[2].resource.subject`. Neither ever holds a value of the input.
    """

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(f"{reason} at {path}" if path else reason)
        self.reason: Final = reason
        self.path: Final = path
