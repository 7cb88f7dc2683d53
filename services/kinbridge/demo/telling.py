"""What a play tells: each step as it goes, a table at the end, or all of it as JSON. Pure."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from kinbridge.demo.played import Answered, Arrival, Heard, Played, StepPlayed
from kinbridge.demo.story import Expected, Story
from kinbridge.reading.sheet import sheet
from kinbridge.reading.text import WIDTH, lay_out

_BOLD: Final = "\x1b[1m"
_GREEN: Final = "\x1b[32m"
_RED: Final = "\x1b[1;31m"
_PLAIN: Final = "\x1b[0m"


class Teller:
    """Says a play in letters, no wider than a page, readable without colour."""

    def __init__(self, *, colour: bool = False, width: int = WIDTH) -> None:
        self._colour: Final = colour
        self._width: Final = width

    def opening(self, story: Story) -> str:
        """Give the head of a story."""
        title = self._tinted(story.title, _BOLD)
        return "\n".join(["=" * self._width, title, *self._wrapped(story.about), ""])

    def step(self, number: int, step: StepPlayed) -> str:
        """Give one step: what was sent and answered, and each alert as its reader sees it."""
        lines = [self._tinted(line, _BOLD) for line in self._wrapped(f"{number}. {step.say}")]
        lines += [line for a in step.answered for line in self._indented(_sent(a))]
        for heard in step.heard:
            lines += ["", *self._heard(heard)]
        if step.quiet and not step.broke:
            lines.append("   Nothing is said of it, as it should be.")
        lines += [self._tinted(f"   {_not_quiet(a)}", _RED) for a in step.broke]
        return "\n".join([*lines, ""])

    def table(self, played: Sequence[Played]) -> str:
        """Give what was expected beside what arrived, a line each."""
        rows = [f"{'expected':<78} arrived"]
        for one in played:
            rows.append(self._tinted(one.story.name, _BOLD))
            rows += [self._row(heard) for heard in one.heard]
            broke = (arrival for step in one.steps for arrival in step.broke)
            rows += [f"  {self._tinted(_not_quiet(arrival), _RED)}" for arrival in broke]
            rows += [f"  also came: {_named(arrival)}" for arrival in one.also]
        return "\n".join(rows)

    def _row(self, heard: Heard) -> str:
        said = f"  {expectation(heard.expected)}"
        if heard.arrival is None:
            return f"{said:<78} {self._tinted('MISSING', _RED)}"
        return f"{said:<78} {self._tinted(f'yes, {_took(heard)}', _GREEN)}"

    def _heard(self, heard: Heard) -> Iterator[str]:
        if heard.arrival is None:
            yield self._tinted(f"   MISSING: {expectation(heard.expected)}", _RED)
            return
        yield f"   {heard.arrival.topic}, {_took(heard)} after the answer:"
        text = lay_out(sheet(heard.arrival.alert), width=self._width - 3, colour=self._colour)
        yield textwrap.indent(text, " | ")

    def _wrapped(self, text: str) -> list[str]:
        return textwrap.wrap(text, self._width)

    def _indented(self, text: str) -> list[str]:
        return textwrap.wrap(
            text,
            self._width,
            initial_indent="   ",
            subsequent_indent="     ",
            break_on_hyphens=False,
        )

    def _tinted(self, text: str, tint: str) -> str:
        return f"{tint}{text}{_PLAIN}" if self._colour else text


def expectation(expected: Expected) -> str:
    """Give an expectation in one line: `macpt: new_item, new R1, U1`."""
    parts = [str(expected.reason)]
    if expected.new:
        parts.append(f"new {' '.join(expected.new)}")
    if expected.corrected:
        parts.append(f"corrected {' '.join(expected.corrected)}")
    if expected.active is not None:
        parts.append(f"standing {' '.join(expected.active) or 'nothing'}")
    if expected.urgency:
        parts.append(str(expected.urgency))
    whom = f"{expected.team} ({expected.team_code})" if expected.team_code else expected.team
    return f"{whom}: {', '.join(parts)}"


def document(played: Iterable[Played], shortened: Sequence[str]) -> str:
    """Give the same as one JSON document."""
    stories = [_story(one) for one in played]
    whole = {
        "as_expected": all(story["as_expected"] for story in stories),
        "shortened": list(shortened),
        "stories": stories,
    }
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _story(played: Played) -> dict[str, Any]:
    return {
        "name": played.story.name,
        "title": played.story.title,
        "as_expected": played.as_expected,
        "steps": [_step(step) for step in played.steps],
        "missing": [expectation(expected) for expected in played.missing],
        "also": [_arrival(arrival) for arrival in played.also],
    }


def _step(step: StepPlayed) -> dict[str, Any]:
    return {
        "say": step.say,
        "sent": [
            {"to": a.request.path, "as": a.request.key_of, "status": a.status}
            for a in step.answered
        ],
        "alerts": [
            {
                "expected": expectation(heard.expected),
                "arrived": heard.arrival is not None,
                "took_ms": None if heard.took_ms is None else round(heard.took_ms, 1),
                **(_arrival(heard.arrival) if heard.arrival else {}),
            }
            for heard in step.heard
        ],
        "not_quiet": [_arrival(arrival) for arrival in step.broke],
    }


def _arrival(arrival: Arrival) -> dict[str, Any]:
    return {
        "topic": arrival.topic,
        "alert": arrival.alert.model_dump(mode="json"),
        "as_read": lay_out(sheet(arrival.alert)),
    }


def _sent(answered: Answered) -> str:
    request = answered.request
    return f"POST {request.path} as {request.key_of}: {answered.status}"


def _named(arrival: Arrival) -> str:
    alert = arrival.alert
    return f"{arrival.topic}: {alert.reason}, revision {alert.revision}, {alert.urgency}"


def _not_quiet(arrival: Arrival) -> str:
    return f"NOT QUIET: {_named(arrival)}"


def _took(heard: Heard) -> str:
    return "at once" if heard.took_ms is None else f"{heard.took_ms:.0f} ms"
