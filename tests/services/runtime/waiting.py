"""Two stages of which the second waits: what was booked and not attended in time is absent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from kinbridge.stage import At, Decision, Message, Output, Stage
from kinbridge_schemas.base import Contract, Value, derive_id
from kinbridge_schemas.problems import UnreadableError
from tests.services.runtime.counting import START, Thing

BOOKED: Final = "booked"
ATTENDED: Final = "attended"


class Booking(Value):
    """What is known of one key: its deadline, whether it was met, and how often it was not."""

    until: datetime | None = None
    attended: bool = False
    absences: int = 0


def booking(key: str, kind: str, minute: int = 0) -> Thing:
    """Make a booking that must be attended by a minute after START, or the attendance."""
    return Thing(
        id=derive_id("thing", key, kind),
        key=key,
        origin=f"{key}-{kind}",
        number=minute,
        padding=kind,
    )


def _thing(body: Contract) -> Thing:
    if not isinstance(body, Thing):
        raise UnreadableError("not-a-thing", "contract")
    return body


def passing(name: str, reads: str, writes: str, version: int = 1) -> Stage[Booking]:
    """Make a stage that says everything on under the same key."""

    def decide(state: Booking, message: Message, _at: At, /) -> Decision[Booking]:
        thing = _thing(message.body)
        said = thing.model_copy(update={"id": derive_id(name, thing.origin)})
        return Decision("passed", state, (Output(writes, said.key, said),))

    return Stage(
        name=name,
        reads=(reads,),
        writes=(writes,),
        state=Booking,
        fresh=Booking,
        decide=decide,
        version=version,
    )


def waiting(name: str, reads: str, writes: str, version: int = 1) -> Stage[Booking]:
    """Make a stage that says who was absent, once the time is past."""

    def decide(state: Booking, message: Message, _at: At, /) -> Decision[Booking]:
        thing = _thing(message.body)
        if thing.padding == ATTENDED:
            return Decision("attended", state.model_copy(update={"attended": True}))
        until = START + timedelta(minutes=thing.number)
        return Decision("booked", state.model_copy(update={"until": until}), due=until)

    def on_due(state: Booking, key: str, _at: At, /) -> Decision[Booking]:
        if state.attended:
            return Decision("met", state)
        said = Thing(id=derive_id("absent", key), key=key, origin=key, number=0)
        absent = state.model_copy(update={"absences": state.absences + 1})
        return Decision("absent", absent, (Output(writes, key, said),))

    return Stage(
        name=name,
        reads=(reads,),
        writes=(writes,),
        state=Booking,
        fresh=Booking,
        decide=decide,
        on_due=on_due,
        version=version,
    )


def waiting_stages(tag: str = "", version: int = 1) -> tuple[Stage[Booking], ...]:
    """Make the two stages: `one` passes on, `two` waits."""
    return (
        passing("one", f"heads{tag}", f"ones{tag}", version),
        waiting("two", f"ones{tag}", f"twos{tag}", version),
    )
