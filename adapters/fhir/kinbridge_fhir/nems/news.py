"""One event message as its facts need it: whom it is about, which thread, which account of it.

A thread is a person, a kind of event and, where the focus has one, the publisher's own
identifier: `new`, `update` and `delete` of a thing share it, in whatever order they come. The
message's own id says nothing of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final, Literal

from kinbridge_fhir.facts import Account, parked
from kinbridge_fhir.message import Message, codings
from kinbridge_fhir.nems.whom import Who, whom
from kinbridge_fhir.nodes import Node, extension, one, text
from kinbridge_fhir.persons import provider_of
from kinbridge_schemas.base import Code, Id, derive_id
from kinbridge_schemas.events import ChildEvent, Detail
from kinbridge_schemas.events.event import event_id
from kinbridge_schemas.mapped import Ended
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.times import read_instant, read_time, years_between
from kinbridge_schemas.vocabulary import Occurred, Provider, Role, Version

Action = Literal["new", "update", "delete"]

_ADULT: Final = 18
_ACTION: Final = "https://fhir.nhs.uk/STU3/StructureDefinition/Extension-MessageEventType-1"


def action_of(header: Node) -> Action | None:
    """Give what the message does with its thread. None for a word that nobody listed.

    One without the word is taken as `new`: three of the kinds have no other.
    """
    mark = extension(header, _ACTION)
    said = [code.code for code in codings(mark, "valueCodeableConcept")] if mark else []
    match said[:1]:
        case []:
            return "new"
        case ["new"]:
            return "new"
        case ["update"]:
            return "update"
        case ["delete"]:
            return "delete"
        case _:
            return None


@dataclass(frozen=True)
class News:
    """One event message with its focus, and what it does with its thread."""

    message: Message
    account: Account
    focus: Node
    action: Action

    def who(self, *references: str, header_first: bool = False) -> Who | Code:
        """Give whom the focus is about, by a field of it; else the reason why nobody is."""
        patient = self.focus if self.focus.kind == "Patient" else self._patient(*references)
        return whom(self.message.header, patient, header_first=header_first)

    def _patient(self, *references: str) -> Node | None:
        found = self.message.resolve(one(self.focus, *references))
        if found is not None and found.kind == "Patient":
            return found
        patients: Sequence[Node] = self.message.of_kind("Patient")
        return patients[0] if len(patients) == 1 else None

    def parked(self, reason: Code) -> Ended:
        return parked(self.account.fact("nems", self.focus), reason)

    def told(
        self,
        who: Who,
        word: str,
        detail: Detail,
        occurred: Occurred | None = None,
        *,
        thread: Node | None = None,
        withdrawn: bool = False,
    ) -> ChildEvent:
        """Tell one fact. `word` and `thread` name it; without a thread it is the person's own."""
        account, version = self.account, self.version
        when = occurred or account.unknown_time(version)
        act: Literal["assert", "retract"] = (
            "retract" if withdrawn or self.action == "delete" else "assert"
        )
        fact = self._fact(who, word, thread)
        # Without what is not said: a field that is added one day leaves the ids as they are.
        said = detail.model_dump_json(exclude_defaults=True)
        hashed = f"{when.model_dump_json()}{detail.kind}{said}".encode()
        return ChildEvent(
            id=event_id(fact, version, act, account.pseudonymiser.fingerprint(hashed)),
            fact=fact,
            version=version,
            act=act,
            occurred=when,
            observed=version.updated,
            source=account.source,
            subjects=(account.subject(_role(who, when), who.person, who.named),),
            detail=detail,
        )

    def _fact(self, who: Who, word: str, thread: Node | None) -> Id:
        account = self.account
        key = account.pseudonymiser.of_nhs_number(who.number)
        thing = account.thing(word, thread) if thread is not None else account.source
        return derive_id("fact", word, key, thing)

    @cached_property
    def version(self) -> Version:
        """By versionId, then lastUpdated, then the message's timestamp.

        When it was received does not count: then the order of arrival would decide.
        """
        found = self.message.version_of(self.message.header, self.account.now)
        return found.model_copy(update={"sent": self._sent})

    @property
    def _sent(self) -> datetime | None:
        # Where lastUpdated orders, a timestamp that cannot be read costs nobody the message.
        # Where it does not, the version itself was read from it, or the message was refused.
        try:
            return self.timestamp.at if self.timestamp is not None else None
        except UnreadableError:
            return None

    @cached_property
    def timestamp(self) -> Occurred | None:
        """When the message was sent. Raises UnreadableError where it says that unreadably."""
        said = text(self.message.header, "timestamp")
        return Occurred(at=read_instant(said, "MessageHeader.timestamp")) if said else None

    def time(self, *names: str) -> Occurred | None:
        """Read a time of the focus. Raises UnreadableError where it cannot be read."""
        return time_of(self.focus, *names)

    def provider(self, who: Who, *names: str) -> Provider:
        """Give the organisation that a field of the focus refers to; none where it may not be."""
        if who.restricted:
            return Provider()
        return provider_of(self.message, self.focus, *names) or Provider()


def time_of(node: Node | None, *names: str) -> Occurred | None:
    """Read a time. Raises UnreadableError where it cannot be read."""
    said = text(node, *names)
    if said is None or node is None:
        return None
    return read_time(said, f"{node.kind}.{'.'.join(names)}")


def _role(who: Who, at: Occurred) -> Role:
    born = who.person.born
    young = born is not None and years_between(born, at.at) < _ADULT
    return Role.CHILD if who.newborn or young else Role.UNKNOWN
