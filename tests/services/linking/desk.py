"""A registry to try linking on: events go in one by one, as the engine would give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from kinbridge.linking.documents import DOCUMENTS, ChildDocument, NoState
from kinbridge.linking.stage import declare
from kinbridge.linking.telling import ref_of
from kinbridge.sources.pds import Pds
from kinbridge.stage import At, Message
from kinbridge_schemas.base import Value, derive_id
from kinbridge_schemas.contracts import codec
from kinbridge_schemas.dispositions import Disposition
from kinbridge_schemas.envelope import Envelope
from kinbridge_schemas.events import ChildEvent, Subject
from kinbridge_schemas.events.event import event_id
from kinbridge_schemas.identifiers import ChildRef, LaChildId, NhsNumber, PersonName, SubjectKey
from kinbridge_schemas.linked import (
    ChildChanged,
    ChildRecord,
    EventLinked,
    EventUnlinked,
    LinkedEvent,
)
from kinbridge_schemas.retrieval import Retrieval
from kinbridge_schemas.vocabulary import Occurred, Precision, Role, Version
from tests.builders import PSEUDONYMS, a_fact_id, when

CODEC: Final = codec()
START: Final = when("2026-10-05 09:00")
LEWISHAM: Final = "209"
SOUTHWARK: Final = "210"


def number(n: int) -> NhsNumber:
    """The nth well-formed number of the test range."""
    found = [c for c in range(9000000000, 9000000000 + 12 * (n + 1)) if _well_formed(f"{c}")]
    return NhsNumber(str(found[n]))


def _well_formed(text: str) -> bool:
    return NhsNumber.well_formed(text)


MOTHER: Final = number(0)
FATHER: Final = number(1)
BABY: Final = number(2)
ADA: Final = number(3)
BEN: Final = number(4)
OTHER_MOTHER: Final = number(5)


def day(n: float) -> datetime:
    return START + timedelta(days=n)


def person(
    role: Role,
    la: str | None = None,
    nhs: NhsNumber | None = None,
    *,
    name: str | None = None,
    born: datetime | None = None,
    authority: str = LEWISHAM,
) -> Subject:
    """Somebody by authority's id, NHS number or both."""
    la_id = LaChildId(la) if la else None
    if nhs is not None:
        key = PSEUDONYMS.of_nhs_number(nhs)
    else:
        key = PSEUDONYMS.of_la_child(authority, la_id or LaChildId("nobody"))
    return Subject(
        role=role,
        key=key,
        nhs_number=nhs,
        la_child_id=la_id,
        name=PersonName(name) if name else None,
        born=born,
    )


def child(la: str = "ada", nhs: NhsNumber | None = None, **more: Any) -> Subject:
    return person(Role.CHILD, la, nhs, **more)


def unborn(la: str = "bump", **more: Any) -> Subject:
    return person(Role.UNBORN, la, **more)


def mother(nhs: NhsNumber | None = MOTHER, la: str | None = None, **more: Any) -> Subject:
    return person(Role.MOTHER, la, nhs, **more)


def event(
    detail: Value,
    *subjects: Subject,
    at: datetime = START,
    authority: str | None = None,
    version: int = 1,
    act: str = "assert",
    observed: datetime | None = None,
    precision: Precision = Precision.INSTANT,
    source: str = "nhs:test",
    fact: str | None = None,
) -> ChildEvent:
    """What a source says. `at` is when it was so and, unless told, when it was seen."""
    seen = observed or at
    named = fact or a_fact_id(detail, at, subjects[0].key)
    told = Version(number=version, updated=seen)
    return ChildEvent.model_validate(
        {
            "id": event_id(named, told, act),
            "fact": named,
            "version": told,
            "act": act,
            "occurred": Occurred(at=at, precision=precision),
            "observed": seen,
            "source": source,
            "authority": authority,
            "subjects": subjects,
            "detail": detail,
        }
    )


def la(detail: Value, *subjects: Subject, authority: str = LEWISHAM, **more: Any) -> ChildEvent:
    """What an authority says."""
    return event(detail, *subjects, authority=authority, source=f"case:{authority}.test", **more)


def retracted(told: ChildEvent) -> ChildEvent:
    """The same account taken back."""
    id_ = event_id(told.fact, told.version, "retract")
    return told.model_copy(update={"act": "retract", "id": id_})


def ref(la_id: str = "ada", authority: str = LEWISHAM) -> ChildRef:
    return ref_of(la_key(la_id, authority), PSEUDONYMS)


def la_key(la_id: str, authority: str = LEWISHAM) -> SubjectKey:
    return PSEUDONYMS.of_la_child(authority, LaChildId(la_id))


class Found(dict[str, Value]):
    """What was asked for and is there. To look for anything else is a fault."""

    def __init__(self, asked: frozenset[str], found: Mapping[str, Value]) -> None:
        super().__init__(found)
        self._asked = asked

    def get(self, name: str, default: Any = None) -> Any:
        assert name in self._asked
        return super().get(name, default)


class Desk:
    """Linking with its documents, kept as the bytes a store would keep."""

    def __init__(self, pds: Pds | None = None) -> None:
        self._stage: Final = declare(pseudonymiser=PSEUDONYMS, pds=pds)
        self.asked: list[Retrieval] = []
        self.kept: dict[str, bytes] = {}
        self.said: list[LinkedEvent] = []
        self.ends: list[Disposition] = []
        self._count = 0
        self.rounds = 0

    def tell(self, *events: ChildEvent) -> Disposition:
        """Give events one after the other, each in a message of its own. Gives the last end."""
        for each in events:
            self._count += 1
            self._decide(self._message(each))
        return self.ends[-1]

    def _message(self, body: ChildEvent) -> Message:
        envelope = Envelope(
            id=body.id,
            type=body.contract,
            source="stage:mapping",
            recorded=body.observed + timedelta(seconds=int(derive_id("n", body.id)[-3:], 16)),
            correlation=body.id,
            causation=derive_id("message", str(self._count)),
        )
        again = CODEC.decode(body.contract, envelope, CODEC.encode(body))
        return Message("child-events", body.subject, envelope, again)

    def _decide(self, message: Message) -> None:
        asked: frozenset[str] = frozenset()
        found: Mapping[str, Value] = Found(asked, {})
        while more := self._stage.wants(message, dict(found)) - asked:
            asked |= more
            self.rounds += 1
            found = Found(asked, {n: self.document(n) for n in asked if n in self.kept})
        at = At(now=message.envelope.recorded, clock=START, found=found)
        decision = self._stage.decide(NoState(), message, at)
        for name, document in decision.documents.items():
            self.kept.pop(name, None)
            if document is not None:
                self.kept[name] = document.model_dump_json().encode()
        for output in decision.outputs:
            if isinstance(output.body, LinkedEvent):
                assert output.key == output.body.child_ref
                self.said.append(output.body)
            elif isinstance(output.body, Retrieval):
                assert (output.topic, output.key) == ("retrievals", output.body.destination)
                self.asked.append(output.body)
            elif isinstance(output.body, Disposition):
                self.ends.append(output.body)

    # -- what came of it

    def document(self, name: str) -> Value:
        return DOCUMENTS[name.partition(":")[0]].model_validate_json(self.kept[name])

    def child(self, la_id: str = "ada", authority: str = LEWISHAM) -> ChildDocument:
        found = self.document(f"child:{ref(la_id, authority)}")
        assert isinstance(found, ChildDocument)
        return found

    def record(self, la_id: str = "ada", authority: str = LEWISHAM) -> ChildRecord:
        said = self.child(la_id, authority).said
        assert said is not None
        return said

    def last(self, la_id: str = "ada", authority: str = LEWISHAM) -> LinkedEvent:
        return [s for s in self.said if s.child_ref == ref(la_id, authority)][-1]

    def linked_to(self, la_id: str = "ada", authority: str = LEWISHAM) -> list[EventLinked]:
        to = ref(la_id, authority)
        found = [s.happened for s in self.said if s.child_ref == to]
        return [h for h in found if isinstance(h, EventLinked)]

    def unlinked_from(self, la_id: str = "ada") -> list[EventUnlinked]:
        found = [s.happened for s in self.said if s.child_ref == ref(la_id)]
        return [h for h in found if isinstance(h, EventUnlinked)]

    def changes_of(self, la_id: str = "ada") -> list[ChildRecord]:
        to = ref(la_id)
        return [
            s.child
            for s in self.said
            if s.child_ref == to and isinstance(s.happened, ChildChanged)
        ]

    def in_force(self) -> set[tuple[ChildRef, str, str]]:
        """Which facts each child has, as who reads linked-events would have them in the end."""
        found: dict[tuple[ChildRef, str], tuple[tuple[int, datetime, bool], str]] = {}
        for said in self.said:
            happened = said.happened
            if isinstance(happened, EventLinked):
                order = (
                    happened.version.number,
                    happened.version.updated,
                    happened.act == "retract",
                )
                at = (said.child_ref, happened.fact)
                known = found.get(at)
                if known is None or order >= known[0]:
                    found[at] = (order, happened.act)
            elif isinstance(happened, EventUnlinked):
                found.pop((said.child_ref, happened.fact), None)
        return {(child, fact, act) for (child, fact), (_, act) in found.items()}

    def registry(self) -> dict[str, dict[str, Any]]:
        """What the registry holds, without how often and from where it was said."""
        return {name: _timeless(self.document(name)) for name in sorted(self.kept)}

    def open_records(self) -> list[dict[str, Any]]:
        """The records of children whose case is open, without how often they were said."""
        found = [d["said"] for d in self.registry().values() if d.get("said")]
        return [record for record in found if record["open"]]

    def told(self) -> dict[str, dict[str, Any]]:
        """What was told of each child, without what was made of it."""
        made = {"said", "held", "keys", "usable"}
        children = {n: d for n, d in self.registry().items() if n.startswith("child:")}
        return {n: {k: v for k, v in d.items() if k not in made} for n, d in children.items()}


def _timeless(document: Value) -> dict[str, Any]:
    plain = document.model_dump(mode="json")
    for counted in ("revision", "families"):
        plain.pop(counted, None)
    if plain.get("said"):
        for counted in ("revision", "merged_from"):
            plain["said"].pop(counted)
    for seen in plain.get("facts", {}).values():
        seen.pop("times", None)
    return plain


def play(events: Iterable[ChildEvent]) -> Desk:
    desk = Desk()
    for each in events:
        desk.tell(each)
    return desk
