"""The content of a message out of the chunks and compressions that it came in. Pure, and bounded.

A chunk may be gzip for the way (Content-Encoding), each by itself or all as one; and a sender may
have sent a gzip file. Both are undone, so that the same message always has the same bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kinbridge_schemas.problems import UnreadableError

TOO_LARGE: Final = "message-too-large"
BROKEN: Final = "compression-broken"
_MAGIC: Final = b"\x1f\x8b"
_ANY_HEADER: Final = 47
"""zlib's wbits for a gzip or zlib header, whichever is there."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk as it came over the wire, and whether it was gzip for the way."""

    data: bytes
    gzip: bool


def unpack(chunks: Sequence[Chunk], limit: int) -> bytes:
    """Give the content. Raises UnreadableError when it is broken or beyond `limit` bytes."""
    content = _whole(chunks, limit)
    if content[:2] == _MAGIC:
        content = _gunzip(content, limit)
    if len(content) > limit:
        raise UnreadableError(TOO_LARGE)
    return content


def as_it_came(chunks: Sequence[Chunk]) -> bytes:
    """Give the bytes with nothing undone: what is kept of a message that cannot be unpacked."""
    return b"".join(chunk.data for chunk in chunks)


def _whole(chunks: Sequence[Chunk], limit: int) -> bytes:
    if not any(chunk.gzip for chunk in chunks):
        return as_it_came(chunks)
    try:
        parts: list[bytes] = []
        for chunk in chunks:
            left = limit - sum(map(len, parts))
            parts.append(_gunzip(chunk.data, left) if chunk.gzip else chunk.data)
    except UnreadableError as problem:
        if problem.reason == TOO_LARGE or len(chunks) == 1:
            raise
        # One gzip cut into chunks, where each chunk should have been one.
        return _gunzip(as_it_came(chunks), limit)
    return b"".join(parts)


def _gunzip(data: bytes, limit: int) -> bytes:
    found = bytearray()
    while data:
        stream = zlib.decompressobj(_ANY_HEADER)
        try:
            found += stream.decompress(data, max(1, limit + 1 - len(found)))
        except zlib.error:
            raise UnreadableError(BROKEN) from None
        if len(found) > limit:
            raise UnreadableError(TOO_LARGE)
        if not stream.eof:
            raise UnreadableError(BROKEN)
        # A gzip file may have several members; what follows otherwise is padding.
        data = stream.unused_data if stream.unused_data[:2] == _MAGIC else b""
    return bytes(found)
