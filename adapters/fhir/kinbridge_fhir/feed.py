"""What one feed's codes mean beyond the standards, as the people of its trust wrote them down."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Generic, TypeVar

from pydantic import Field, StringConstraints, field_validator

from kinbridge_fhir.attendance import Local, Meaning, read_local
from kinbridge_schemas.base import Value
from kinbridge_schemas.vocabulary import Service

LocalCode = Annotated[
    str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True, to_upper=True)
]
"""A code of the trust's own, in any case of letters."""


class LocalCodes(Value):
    """The local code tables of one feed. What is not named has the standard's meaning.

    - `services`: a code of a service, specialty or clinic to a service. In FHIR: `serviceType`,
      `specialty`, `type` or `serviceCategory`.
    - `attendance`: a code to what it says of an appointment, in the words of
      `kinbridge_fhir.attendance.Meaning`. In FHIR: the reason of a cancellation or of a miss,
      for which the standard has neither "transferred" nor "not brought".
    """

    services: dict[LocalCode, Service] = Field(default_factory=dict)
    attendance: dict[LocalCode, Meaning] = Field(default_factory=dict)

    @field_validator("services")
    @classmethod
    def _listed(cls, found: dict[str, Service]) -> dict[str, Service]:
        # The list is open to readers of events; who writes a file should hear of a slip.
        if Service.UNKNOWN in found.values():
            raise ValueError("a code is given a word that is not in the list")
        return found

    @property
    def local_attendance(self) -> Local:
        return read_local(self.attendance)

    def service(self, code: str) -> Service | None:
        """Give what a local code of a service means; None for one that nobody listed."""
        return self.services.get(code.upper())

    def fingerprint(self) -> str:
        """Eight characters that change with any of these tables."""
        return hashlib.blake2b(self.model_dump_json().encode(), digest_size=4).hexdigest()


NO_CODES: Final = LocalCodes()
"""A feed without codes of its own."""

Feeds = Mapping[str, LocalCodes]
"""The codes of each feed by its name."""


def version_with(base: str, feeds: Feeds) -> str:
    """Give the version of a mapping together with the tables that it was given."""
    local = {name: codes.fingerprint() for name, codes in feeds.items() if codes != type(codes)()}
    if not local:
        return base
    told = "|".join(f"{name}={local[name]}" for name in sorted(local))
    return f"{base}.{hashlib.blake2b(told.encode(), digest_size=4).hexdigest()}"


C = TypeVar("C", bound=LocalCodes)


class MappingByFeed(Generic[C]):
    """What mappings with code tables of feeds have in common: their tables, and their version."""

    compares = False
    mapping: ClassVar[str]

    def __init__(self, feeds: Mapping[str, C] | None = None) -> None:
        self._feeds: Final = dict(feeds or {})
        self._version: Final = version_with(self.mapping, self._feeds)

    @property
    def version(self) -> str:
        """The version of this mapping, and of the tables that it was given."""
        return self._version
