"""Play a story: send, wait for what must come of it, go on. The world is an argument.

A world is a running line behind HTTP, or the line in memory with a clock of its own; the
player does not know which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from kinbridge.demo.people import numbers_for
from kinbridge.demo.played import (
    Answered,
    Arrival,
    Heard,
    Ledger,
    Played,
    StepPlayed,
    names_from,
)
from kinbridge.demo.story import Expected, Step, Story, StoryError
from kinbridge.demo.templates import Request, request
from kinbridge_schemas.identifiers import FamilyRef

ACCEPTED = 202


class World(Protocol):
    """A line that a story can be played into."""

    def now(self) -> datetime:
        """Give the time of the world."""
        ...

    def until(self, when: datetime) -> None:
        """Let time go on until then."""
        ...

    def send(self, request: Request) -> Answered:
        """Send one request and give the door's answer."""
        ...

    def listen(self, within: timedelta) -> Sequence[Arrival]:
        """Wait for alerts, no longer than this, and give those that are new."""
        ...


Told = Callable[[StepPlayed], None]


@dataclass(slots=True)
class Player:
    """Plays stories one after another into one world. `told` hears each step as it ends."""

    world: World
    told: Told
    families: set[FamilyRef] = field(default_factory=set)
    """Every family that any alert was read of."""

    def play(self, story: Story, play: str) -> Played:
        """Play a whole story. A door that refuses raises StoryError; a missing alert does not.

        `play` is a short word that makes the ids and numbers of this play its own.
        """
        self._heard(self.world.listen(timedelta()))
        ledger = Ledger(story.authority, frozenset(self.families))
        start = self.world.now()
        names: dict[str, Any] = {"play": play, **numbers_for(play, story.people)}
        steps = []
        for step in story.steps:
            if step.at is not None:
                self.world.until(start + step.at)
            played = self._step(step, names, ledger)
            self.told(played)
            steps.append(played)
        ledger.put(self._heard(self.world.listen(timedelta())))
        return Played(story, tuple(steps), ledger.rest())

    def _step(self, step: Step, names: dict[str, Any], ledger: Ledger) -> StepPlayed:
        answered = tuple(self._send(request(s, names, self.world.now())) for s in step.send)
        said = answered[-1].at if answered else None
        heard = []
        for expected in step.expect:
            arrival = self._wait(expected, ledger)
            took = (arrival.at - said) * 1000 if arrival and said is not None else None
            heard.append(Heard(expected, arrival, took))
            if arrival and expected.call:
                names[expected.call] = names_from(arrival.alert)
        broke = self._broke(step.quiet, ledger) if step.quiet is not None else ()
        return StepPlayed(step.say, answered, tuple(heard), broke, step.quiet is not None)

    def _send(self, asked: Request) -> Answered:
        answered = self.world.send(asked)
        if answered.status != ACCEPTED:
            raise StoryError(f"The door answered {answered.status} to {asked.path}.")
        return answered

    def _wait(self, expected: Expected, ledger: Ledger) -> Arrival | None:
        until = self.world.now() + expected.within
        while True:
            if (arrival := ledger.take(expected)) is not None:
                return arrival
            left = until - self.world.now()
            if left <= timedelta():
                return None
            ledger.put(self._heard(self.world.listen(left)))

    def _broke(self, quiet: timedelta, ledger: Ledger) -> tuple[Arrival, ...]:
        until = self.world.now() + quiet
        while (left := until - self.world.now()) > timedelta():
            ledger.put(self._heard(self.world.listen(left)))
        return ledger.broken()

    def _heard(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        self.families |= {arrival.alert.family for arrival in arrivals}
        return arrivals
