"""A MESH mailbox: how NHS events reach an authority.

Source: MESH API, version 2 of its answers. A mailbox is asked at least once a day and not more
often than every five minutes; what nobody collects for five days goes back to its sender.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from kinbridge.sources.terms import SettingName, SourceName
from kinbridge_schemas.base import Value

MailboxId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,50}$", to_upper=True)]
WorkflowId = Annotated[
    str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True, to_upper=True)
]

_Silence = Annotated[timedelta, Field(ge=timedelta(minutes=15))]

WorkflowRoute = Literal["fhir-message", "mns-signal", "cp-is-hl7v3"]
"""What a workflow carries: FHIR messages, MNS signals, or HL7 v3 of CP-IS, which is parked."""


class Mailbox(Value):
    """One mailbox, its credentials by the names of their settings, and what comes in it.

    `source` names the feed in every event that comes of it. A trust that sends the same messages
    over HTTP has the same name there, and what comes both ways is one.

    The settings hold: `address_setting` the https address of MESH; `password_setting` the
    mailbox's password; `shared_key_setting` the environment's shared key; `certificate_setting`
    and `key_setting` the files of the client certificate and its key; `ca_setting` the file of
    the authorities to trust. Without `ca_setting` those of the NHS's own addresses are known.

    `workflows` adds to the ten of NEMS, which need not be named; an MNS subscription has the
    workflow that was asked for with it. `senders` names the only mailboxes whose messages are
    taken; empty: MESH alone decides who may send. `expect_within` is how long there may be
    silence before operations are told; `expect_workflows` says so of one workflow, where another
    one comes so often that its silence would not be noticed. `max_bytes` is of the content,
    unpacked.
    """

    source: SourceName
    mailbox: MailboxId
    address_setting: SettingName
    password_setting: SettingName
    shared_key_setting: SettingName
    certificate_setting: SettingName | None = None
    key_setting: SettingName | None = None
    ca_setting: SettingName | None = None
    poll_every: Annotated[timedelta, Field(ge=timedelta(minutes=5), le=timedelta(hours=24))] = (
        timedelta(minutes=5)
    )
    page_size: Annotated[int, Field(ge=10, le=500)] = 500
    max_bytes: Annotated[int, Field(ge=1_000, le=5_500_000)] = 5_500_000
    workflows: Annotated[dict[WorkflowId, WorkflowRoute], Field(max_length=200)] = Field(
        default_factory=dict
    )
    senders: frozenset[MailboxId] = frozenset()
    expect_within: _Silence = timedelta(hours=26)
    expect_workflows: Annotated[dict[WorkflowId, _Silence], Field(max_length=50)] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _certificate_with_key(self) -> Self:
        if (self.certificate_setting is None) != (self.key_setting is None):
            raise ValueError("a client certificate and its key go together")
        return self


def _distinct(given: tuple[Mailbox, ...]) -> tuple[Mailbox, ...]:
    sources = {each.source for each in given}
    boxes = {(each.address_setting, each.mailbox) for each in given}
    if len(sources) < len(given) or len(boxes) < len(given):
        raise ValueError("two mailboxes have one source, or are the same")
    return given


Mailboxes = Annotated[tuple[Mailbox, ...], Field(max_length=16), AfterValidator(_distinct)]
"""Each is polled by a thread of its own."""
