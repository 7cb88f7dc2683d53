"""What a caller says of a meeting: one command each, closed and typed.

A command has the caller's own `id`: sent again it is taken once. `meeting` is the caller's own
name of the meeting and must tell nothing of a person; `at` is when it was done. Children are
named once, when the meeting is requested or scheduled.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field, StringConstraints, TypeAdapter, ValidationError

from kinbridge_schemas.base import Code, Id, Value
from kinbridge_schemas.events.protection import CancelReason
from kinbridge_schemas.identifiers import LaChildId
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import RoleCode, StaffRef

OwnId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Kind = Literal["strategy-discussion", "initial-conference", "core-group", "review"]
Mode = Literal["in-person", "remote", "hybrid", "telephone"]
Reason = Literal["facts-established", "duplicate", "not-needed", "not-quorate"]


class _Command(Value):
    id: OwnId
    meeting: OwnId
    at: AwareDatetime
    by: StaffRef


class Child(Value):
    """A child whom the meeting is about, by the authority's own id."""

    la_child_id: LaChildId
    unborn: bool = False


Children = Annotated[tuple[Child, ...], Field(max_length=12)]


class Request(_Command):
    """A meeting is needed. `decision_at` is when that was decided."""

    command: Literal["request"] = "request"
    kind: Kind
    children: Annotated[Children, Field(min_length=1)]
    decision_at: AwareDatetime
    immediate: bool = False


class Schedule(_Command):
    """A meeting has a time. `children` may be left out where it was requested before.

    `plan` is the caller's own id of the protection plan: a core group or review needs it.
    `immediate` is a discussion held at once, counted apart from those that were planned.
    """

    command: Literal["schedule"] = "schedule"
    kind: Kind
    start_at: AwareDatetime
    minutes: Annotated[int, Field(ge=5, le=600)] = 60
    children: Children = ()
    mode: Mode = "remote"
    immediate: bool = False
    chair: StaffRef | None = None
    plan: OwnId | None = None


class Reschedule(_Command):
    """A meeting that has a time gets another."""

    command: Literal["reschedule"] = "reschedule"
    start_at: AwareDatetime
    minutes: Annotated[int, Field(ge=5, le=600)] = 60


class Cancel(_Command):
    """The authority cancels a meeting: `by` decided it. A verified fact may be named."""

    command: Literal["cancel"] = "cancel"
    reason: Reason
    verified_fact_id: Id | None = None


class Invitation(Value):
    """One agency is invited, in one role."""

    agency: Code
    role: RoleCode
    channel: Code | None = None


class Invite(_Command):
    """Invitations were sent, at `at`, naming the time that the meeting had then."""

    command: Literal["invite"] = "invite"
    invitations: Annotated[tuple[Invitation, ...], Field(min_length=1, max_length=30)]


class Reply(_Command):
    """An agency answers its invitation."""

    command: Literal["reply"] = "reply"
    agency: Code
    role: RoleCode
    response: Literal["accept", "decline", "deputy", "written"]


class Part(Value):
    """How one agency took part, in one role."""

    agency: Code
    role: RoleCode
    participation: Literal["attended", "attended-remote", "written", "absent", "unknown"]


class Attendance(_Command):
    """Who took part. A later word about one agency and role replaces the earlier."""

    command: Literal["attendance"] = "attendance"
    parts: Annotated[tuple[Part, ...], Field(min_length=1, max_length=60)]


class Outcome(_Command):
    """The meeting took place. Sent again with another id it corrects what was said before.

    `outcome` is a strategy discussion's; `plan_made`, `category` and `transfer_in` an initial
    conference's; `quorate` a conference's or review's.
    """

    command: Literal["outcome"] = "outcome"
    outcome: Literal["s47-single", "s47-joint", "no-s47", "further", "unknown"] = "unknown"
    plan_made: bool | None = None
    category: Literal["NEG", "PHY", "SAB", "EMO", "MUL"] | None = None
    quorate: bool | None = None
    transfer_in: bool = False


Command = Request | Schedule | Reschedule | Cancel | Invite | Reply | Attendance | Outcome
COMMANDS: Final = (Request, Schedule, Reschedule, Cancel, Invite, Reply, Attendance, Outcome)

_COMMAND: Final[TypeAdapter[Command]] = TypeAdapter(
    Annotated[Command, Field(discriminator="command")]
)
_SHOWN: Final = frozenset(
    name for kind in (*COMMANDS, Child, Invitation, Part) for name in kind.model_fields
)


def read_command(content: bytes) -> Command:
    """Read one command. Raises UnreadableError naming the field that is missing or wrong."""
    try:
        return _COMMAND.validate_json(content)
    except ValidationError as problem:
        raise unreadable(problem) from None


def unreadable(problem: ValidationError) -> UnreadableError:
    """Give a code and a field of ours; a name that is not ours may hold anything."""
    first = problem.errors(include_input=False, include_url=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return UnreadableError("json-invalid")
    steps = [str(p) for p in first["loc"] if isinstance(p, int) or p in _SHOWN]
    return UnreadableError("contract-broken", ".".join(steps))


def why_cancelled(reason: Reason) -> CancelReason:
    return CancelReason(reason)
