"""Who may send what: API keys by their hash, each with its source and its routes.

Keys are long and random, so that one plain SHA-256 is enough: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from kinbridge.sources.terms import SourceName
from kinbridge_casesystem.port import AdapterName
from kinbridge_schemas.base import Value
from kinbridge_schemas.identifiers import AuthorityCode

Door = Literal[
    "nhs",
    "events",
    "children",
    "meetings",
    "responses",
    "subscriptions",
    "files",
    "records",
    "eclipse",
]
_OF_AN_AUTHORITY = frozenset({"events", "children", "meetings", "responses", "files", "eclipse"})
_WITHOUT_KEY = frozenset({"subscriptions", "eclipse"})


class SourceKey(Value):
    """One key: the name it is known by, its SHA-256 in hex, and what it opens.

    `source` names the feed in every event that comes of it. The key of a case system, and of
    whoever answers alerts, also names its authority, and can speak for no other. A key for
    `records` names the adapters of others that it is for.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,60}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    source: SourceName
    doors: Annotated[frozenset[Door], Field(min_length=1)]
    authority: AuthorityCode | None = None
    adapters: frozenset[AdapterName] = frozenset()

    @model_validator(mode="after")
    def _authority_where_needed(self) -> Self:
        if self.doors & _OF_AN_AUTHORITY and self.authority is None:
            raise ValueError("a key of case systems, meetings or responses needs an authority")
        if ("records" in self.doors) != bool(self.adapters):
            raise ValueError("a key for records names adapters, and no other key does")
        return self

    @property
    def case_source(self) -> str:
        """The source of a case system, as its events carry it."""
        return f"{self.authority}.{self.source}"


class Keys(Value):
    """All keys. A key that is looked for is compared with every one, in constant time."""

    keys: tuple[SourceKey, ...]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if any(key.doors & _WITHOUT_KEY for key in self.keys):
            raise ValueError(
                "a subscription has a secret of its own, and Eclipse signs: neither has a key"
            )
        for what in ("name", "sha256"):
            found = [getattr(key, what) for key in self.keys]
            if len(set(found)) != len(found):
                raise ValueError(f"two keys with one {what}")
        return self

    def find(self, presented: str) -> SourceKey | None:
        digest = sha256_of(presented)
        match = None
        for key in self.keys:
            if hmac.compare_digest(key.sha256, digest):
                match = key
        return match


def sha256_of(key: str) -> str:
    """Give what stands in the file for a key."""
    return hashlib.sha256(key.encode()).hexdigest()
