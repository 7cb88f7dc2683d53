"""Reading a body no further than allowed."""

from __future__ import annotations

from typing import IO

from fastapi import Request
from starlette.requests import ClientDisconnect

from kinbridge.intake.decide import Refused

_TOO_LARGE = Refused(413, "body-too-large", "The body is larger than is accepted.")
_ENCODED = Refused(415, "encoding-not-accepted", "Send the body without a content encoding.")
_BROKEN_OFF = Refused(400, "body-incomplete", "The body ended before it was complete.")


async def read_body(request: Request, limit: int) -> bytes | Refused:
    """Read the body, counting. It is given up as soon as it is too large, declared or not."""
    if (declared := _declared(request, limit)) is not None:
        return declared
    held = bytearray()
    try:
        async for piece in request.stream():
            held += piece
            if len(held) > limit:
                return _TOO_LARGE
    except ClientDisconnect:
        return _BROKEN_OFF
    return bytes(held)


async def copy_body(request: Request, limit: int, into: IO[bytes]) -> Refused | None:
    """Copy the body, which may be larger than memory, and say where it cannot be."""
    if (declared := _declared(request, limit)) is not None:
        return declared
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > limit:
                return _TOO_LARGE
            into.write(piece)
    except ClientDisconnect:
        return _BROKEN_OFF
    into.seek(0)
    return None


def _declared(request: Request, limit: int) -> Refused | None:
    # A compressed body can be a thousand times what it seems: none is taken.
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        return _ENCODED
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared[:12]) > limit:
        return _TOO_LARGE
    return None
