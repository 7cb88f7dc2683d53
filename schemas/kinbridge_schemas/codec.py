"""Bytes to contracts and back, by topic: the only JSON code of the line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import TypeAdapter, ValidationError

from kinbridge_schemas.base import Contract
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received


class Codec:
    """Reads and writes the contracts it is given, by name as topics.yaml names them."""

    def __init__(self, contracts: tuple[type[Contract], ...]) -> None:
        self._adapters: Final[Mapping[str, TypeAdapter[Contract]]] = {
            c.contract: TypeAdapter(c) for c in contracts
        }

    def encode(self, body: Contract) -> bytes:
        """Give the bytes of a contract: the content itself for received bytes, else JSON."""
        if isinstance(body, Received):
            return body.content
        return body.__pydantic_serializer__.to_json(body)

    def decode(self, schema: str, envelope: Envelope, value: bytes) -> Contract:
        """Read a body. Raises UnreadableError(reason, path) and never shows a value.

        Reading is tolerant: a field that a newer producer writes is left out, not refused.
        """
        if schema == Received.contract:
            return _received(envelope, value)
        try:
            return self._adapters[schema].validate_json(value, extra="ignore")
        except ValidationError as problem:
            first = problem.errors(include_input=False, include_url=False, include_context=False)[
                0
            ]
            reason = "json-invalid" if first["type"] == "json_invalid" else "contract-broken"
            raise UnreadableError(reason, _path(first["loc"])) from None


def _received(envelope: Envelope, value: bytes) -> Received:
    route, _, source = envelope.source.partition(":")
    if not source:
        raise UnreadableError("envelope-header-invalid", "ce_source")
    return Received(
        id=envelope.id,
        content=value,
        content_type=envelope.content_type,
        source=source,
        route=route,
    )


def _path(loc: tuple[int | str, ...]) -> str:
    # A key of the input may itself be an identifier: only names of our own shape are shown.
    return ".".join(
        str(part) if str(part).isidentifier() or isinstance(part, int) else "?" for part in loc
    )[:200]
