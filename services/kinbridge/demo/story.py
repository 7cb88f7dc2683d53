"""The closed model of a story file, and reading one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import yaml
from pydantic import (
    AwareDatetime,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    model_validator,
)

from kinbridge.demo.spans import Span
from kinbridge.demo.yamls import read_yaml
from kinbridge_schemas.alerts import Reason
from kinbridge_schemas.base import Code, Value
from kinbridge_schemas.concerns import RuleCode
from kinbridge_schemas.identifiers import AuthorityCode
from kinbridge_schemas.vocabulary import ServiceArm, Urgency

FOLDER: Final = Path(__file__).resolve().parent / "stories"
ORDER: Final = (
    "lewisham-pre-birth",
    "earliest-stage",
    "southwark-extract",
    "lewisham-extract",
)

Said = Annotated[str, StringConstraints(min_length=3, max_length=400, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
"""A name that an expression can use: `${first_alert.alert}`."""
FileName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,60}\.csv$")]


class StoryError(Exception):
    """A story cannot be read or played. The message names the file and the place."""


class Send(Value):
    """One request to the line's door.

    `to` is a path, and may hold expressions; `as` names the source whose key is used. What is
    sent is `body`, or the `template` of that name filled with `with`, or `files`: the CSV text
    of each by its name, sent as one load.
    """

    to: Annotated[str, StringConstraints(pattern=r"^/[^\s?#]+$")]
    as_: Annotated[Code, Field(alias="as")]
    body: dict[str, JsonValue] | list[JsonValue] | None = None
    template: Code | None = None
    with_: Annotated[dict[Name, JsonValue], Field(alias="with")] = Field(default_factory=dict)
    files: Annotated[dict[FileName, str], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(each is not None for each in (self.body, self.template, self.files)) != 1:
            raise ValueError("give either `body`, `template` or `files`")
        if self.with_ and self.template is None:
            raise ValueError("`with` goes with a template")
        return self


class Expected(Value):
    """One revision of an alert that must come, within a time of the last answer at the door.

    The rules listed must be among the items that are new, that are corrected, and that stand
    active; each as often as it is listed. `team` is the arm, on whose topic it comes;
    `team_code` the team that it is for. `call` names it for expressions of later steps.
    """

    team: ServiceArm
    team_code: Code | None = None
    reason: Reason
    call: Name | None = None
    urgency: Urgency | None = None
    state: Literal["open", "acknowledged", "snoozed", "closed"] | None = None
    new: tuple[RuleCode, ...] = ()
    corrected: tuple[RuleCode, ...] = ()
    active: tuple[RuleCode, ...] | None = None
    within: Span = timedelta(seconds=20)


class Step(Value):
    """What happens, in one plain line, what is sent, and what must come of it.

    `at` is from the story's start: the step waits for it. Without it, the step follows when
    what was expected before has come. For so long as `quiet` says nothing may come of it.
    """

    say: Said
    at: Span | None = None
    send: tuple[Send, ...] = ()
    expect: tuple[Expected, ...] = ()
    quiet: Span | None = None

    @model_validator(mode="after")
    def _quiet_or_not(self) -> Self:
        if self.quiet is not None and self.expect:
            raise ValueError("what is `quiet` expects nothing")
        return self


class Story(Value):
    """A story of one family. `start` is the clock of a play in memory; a real play starts now.

    `people` are given NHS numbers of the test range, others for each play.
    """

    name: Code
    title: Said
    about: Said
    partnership: Code
    authority: AuthorityCode
    start: AwareDatetime
    people: tuple[Name, ...] = ()
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_are_single_and_times_rise(self) -> Self:
        calls = [e.call for step in self.steps for e in step.expect if e.call]
        if repeated := {c for c in [*calls, *self.people] if [*calls, *self.people].count(c) > 1}:
            raise ValueError(f"named twice: {sorted(repeated)}")
        times = [step.at for step in self.steps if step.at is not None]
        if times != sorted(times):
            raise ValueError("steps must follow each other in time")
        return self

    @property
    def expected(self) -> tuple[Expected, ...]:
        return tuple(e for step in self.steps for e in step.expect)


def load_story(path: Path) -> Story:
    """Read a story file. Raises StoryError with the place of each fault."""
    try:
        raw = read_yaml(path.read_text(encoding="utf-8"))
    except OSError:
        raise StoryError(f"{path.name}: cannot be opened.") from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise StoryError(f"{path.name}: not YAML{where}.") from None
    try:
        return Story.model_validate(raw)
    except ValidationError as problem:
        places = [
            f"{'.'.join(map(str, error['loc'])) or 'story'}: {error['msg']}"
            for error in problem.errors(include_input=False, include_url=False)
        ]
        raise StoryError(f"{path.name}: {'; '.join(places)}") from None


def shipped() -> tuple[Path, ...]:
    """Give the stories that come with the line, in the order in which the demo plays them."""
    return tuple(FOLDER / f"{name}.yaml" for name in ORDER)
