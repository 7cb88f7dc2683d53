"""MLLP framing: a message between VT and FS CR, out of whatever pieces a connection gives. Pure.

Source: HL7, Transport Specification: MLLP, Release 1. It is our own, and small, because the
framing of the libraries that there are bounds neither size nor time, or both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

START: Final = b"\x0b"
END: Final = b"\x1c"
_CLOSING: Final = b"\x1c\x0d"
_HARMLESS: Final = b"\r\n\x1c\x00"
"""What lies between two messages and is no sign of trouble: line ends, or zeros to keep alive."""

HEAD: Final = 4_000
"""How much is kept of what is too large: enough for its header, so that it can be refused."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stood between VT and FS. `whole` is false where it was too large: then its head."""

    content: bytes
    whole: bool = True


@dataclass(slots=True)
class Framer:
    """Takes bytes and gives frames. It never holds more than `limit` bytes, or HEAD.

    `strays` counts bytes outside of any message, `cut` messages that were begun and given up
    for another one.
    """

    limit: int
    strays: int = 0
    cut: int = 0
    _held: bytearray = field(default_factory=bytearray)
    _inside: bool = False
    _over: bool = False

    @property
    def inside(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._inside

    def feed(self, data: bytes) -> list[Frame]:
        """Take more bytes; give the messages that they end."""
        found: list[Frame] = []
        at = 0
        while at < len(data):
            at = self._inner(data, at, found) if self._inside else self._to_start(data, at)
        return found

    def _inner(self, data: bytes, at: int, found: list[Frame]) -> int:
        again = data.find(START, at)
        end = data.find(END, at, again if again >= 0 else len(data))
        if end >= 0:
            self._keep(data[at:end])
            found.append(Frame(bytes(self._held), whole=not self._over))
            self._inside = False
            self._held.clear()
            return end + 1
        if again >= 0:
            # VT is no character of a text: the sender gave up and began anew.
            self.cut += 1
            self._begin()
            return again + 1
        self._keep(data[at:])
        return len(data)

    def _to_start(self, data: bytes, at: int) -> int:
        start = data.find(START, at)
        skipped = data[at:] if start < 0 else data[at:start]
        self.strays += len(skipped.translate(None, _HARMLESS))
        if start < 0:
            return len(data)
        self._begin()
        return start + 1

    def _begin(self) -> None:
        self._inside, self._over = True, False
        self._held.clear()

    def _keep(self, data: bytes) -> None:
        self._over = self._over or len(self._held) + len(data) > self.limit
        if self._over:
            self._held += data[: max(0, HEAD - len(self._held))]
            del self._held[HEAD:]
        else:
            self._held += data


def framed(content: bytes) -> bytes:
    """Give a message as it goes over the wire."""
    return START + content + _CLOSING
