"""Put a restriction or a merge on the identifiers it is about.

These are told of a person, not of a child: a mother's restriction holds for each of her
children, those that come later too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kinbridge.linking.documents import KeyDocument, Merge, Restricted, latest_account
from kinbridge.linking.telling import Telling
from kinbridge_schemas.events.care import PdsChanged
from kinbridge_schemas.events.persons import PersonMerged, RecordRestricted, RecordUnrestricted
from kinbridge_schemas.identifiers import SubjectKey
from kinbridge_schemas.linked import Restriction
from kinbridge_schemas.retrieval import PDS

_PDS: Final[Mapping[str, Restriction]] = {"sensitive-on": "sensitive", "sensitive-off": "none"}


def tell_identifiers(to: Telling) -> tuple[SubjectKey, ...]:
    """Put what an event says of its first subject's identifier. Gives those that changed."""
    first = to.parties[0].keys[:1]
    level = _level(to.event.detail)
    if level is not None:
        setter = _setter(to)
        told = Restricted(setter=setter, level=level, **to.word)
        return tuple(k for k in first if _update(to, k, "restrictions", told))
    into = merged_into(to)
    if into is None:
        return ()
    sides = [(key, into) for key in first if key != into]
    both = [*sides, *((b, a) for a, b in sides)]
    return tuple(a for a, b in both if _update(to, a, "merges", Merge(other=b, **to.word)))


def _setter(to: Telling) -> str:
    """Say whose restriction it is. A mark of PDS is PDS's own, whoever brought the news of it."""
    if to.event.authority is not None:
        return to.event.authority
    return PDS if isinstance(to.event.detail, PdsChanged) else to.event.source


def merged_into(to: Telling) -> SubjectKey | None:
    detail = to.event.detail
    return detail.into if isinstance(detail, PersonMerged) else None


def is_followed(to: Telling) -> bool:
    """Whether a merge is followed: health's only from a number that some record names.

    A number that none names may be the old one of an adopted child, which was forgotten.
    """
    if to.event.authority is not None:
        return True
    return any(to.registry.key(key).holdings for key in to.parties[0].keys)


def _level(detail: object) -> Restriction | None:
    if isinstance(detail, RecordRestricted):
        return detail.level
    if isinstance(detail, RecordUnrestricted):
        return "none"
    return _PDS.get(detail.change) if isinstance(detail, PdsChanged) else None


def _update(to: Telling, key: SubjectKey, field: str, told: Restricted | Merge) -> bool:
    document: KeyDocument = to.registry.key(key)
    known: Mapping[str, Any] = getattr(document, field)
    after = latest_account(known, to.event.fact, told)
    if after is not known:
        to.registry.put_key(key, document.model_copy(update={field: after}))
    return after is not known
