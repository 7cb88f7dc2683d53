"""Turn what a stage says into records: partition, envelope, headers and bytes. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, TypeVar

from kinbridge.runtime.clock import clock_headers, clock_value
from kinbridge.runtime.partitioner import partition_of
from kinbridge.runtime.plan import Plan
from kinbridge.runtime.prepare import Unread
from kinbridge.runtime.records import Draft, Headers, Record
from kinbridge.runtime.sequence import NUMBER_HEADER, SOURCE_HEADER
from kinbridge.stage import Output
from kinbridge_schemas.base import Value, derive_id
from kinbridge_schemas.deadletters import DeadLetter
from kinbridge_schemas.envelope import Envelope, to_text
from kinbridge_schemas.received import Received
from kinbridge_schemas.topics import Topic

S = TypeVar("S", bound=Value)

OVERHEAD: Final = 300
"""Bytes that Kafka and our two last headers add to a record, at the most."""

MOST_AROUND: Final = 8_000
"""More bytes than an envelope takes: only close to the limit are they counted."""


class StageError(Exception):
    """A stage broke its own declaration. The text names topics and types, never a value."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What led to an output, as far as its envelope tells: a record, or a due time.

    `correlation` is empty for a due time: what is said then opens a correlation of its own.
    """

    recorded: datetime
    correlation: str = ""
    causation: str = ""
    mapping: str = ""


def cause_of(envelope: Envelope) -> Cause:
    return Cause(envelope.recorded, envelope.correlation, envelope.id, envelope.mapping)


def draft(plan: Plan[S], output: Output, cause: Cause) -> tuple[Draft, str]:
    """Make the record of an output.

    One that is larger than its topic takes becomes a dead letter, and the second value says
    why; else it is empty. Raises StageError for an undeclared output.
    """
    topic = _declared(plan, output)
    record = _record(plan, topic, output, cause)
    if _fits(topic, record):
        return record, ""
    reason = "output-oversize"
    letter = _refused(plan, record, output.body.id, reason, cause)
    return _letter(plan, letter, cause), reason


def _declared(plan: Plan[S], output: Output) -> Topic:
    if not plan.may_write(output.topic):
        raise StageError(f"{plan.stage.name} does not declare that it writes {output.topic}.")
    topic = plan.topics[output.topic]
    if output.body.contract != topic.schema_:
        raise StageError(f"{output.topic} takes {topic.schema_}, not {output.body.contract}.")
    return topic


def _record(plan: Plan[S], topic: Topic, output: Output, cause: Cause) -> Draft:
    body = output.body
    source, content_type = f"stage:{plan.stage.name}", "application/json"
    if isinstance(body, Received):
        source, content_type = f"{body.route}:{body.source}", body.content_type
    key = output.key.encode()
    return Draft(
        topic=topic.named(output.parameters) if output.parameters else topic.name,
        destination=partition_of(key, topic.partitions),
        key=key,
        value=plan.codec.encode(body),
        headers=envelope_headers(
            id=body.id,
            kind=body.contract,
            source=source,
            cause=cause,
            classification=topic.classification.value,
            mapping=output.mapping or cause.mapping,
            content_type=content_type,
        ),
    )


def envelope_headers(  # noqa: PLR0913 - the fields of an envelope
    *,
    id: str,  # noqa: A002 - as the envelope names it
    kind: str,
    source: str,
    cause: Cause,
    classification: str,
    mapping: str,
    content_type: str,
) -> Headers:
    """Give what `to_headers` gives for the envelope of these fields, in a third of the time.

    A test holds it to that. An envelope is made for every output, so its cost counts.
    """
    when = _text_of(cause.recorded)
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", id.encode()),
        ("ce_type", kind.encode()),
        ("ce_source", source.encode()),
        ("ce_time", when),
        ("ce_recordedtime", when),
        ("ce_correlationid", (cause.correlation or id).encode()),
    ]
    if cause.causation:
        headers.append(("ce_causationid", cause.causation.encode()))
    headers.append(("ce_dataclassification", classification.encode()))
    if mapping:
        headers.append(("ce_mappingversion", mapping.encode()))
    headers.append(("content-type", content_type.encode()))
    return tuple(headers)


@lru_cache(maxsize=4_096)
def _text_of(when: datetime) -> bytes:
    return to_text(when).encode()


def _fits(topic: Topic, record: Draft) -> bool:
    size = len(record.value) + len(record.key or b"") + OVERHEAD
    if size + MOST_AROUND <= topic.max_bytes:
        return True
    around = sum(len(name) + len(value) + 10 for name, value in record.headers)
    return size + around <= topic.max_bytes


def clock_drafts(plan: Plan[S], now: datetime) -> list[Draft]:
    """Make the stage's own clock record for every partition of every topic that carries it."""
    headers, value = clock_headers(now, f"stage:{plan.stage.name}"), clock_value(now)
    return [
        Draft(topic.name, partition, None, value, headers)
        for topic in plan.clock_topics
        for partition in range(topic.partitions)
    ]


def dead_letter(plan: Plan[S], record: Record, why: Unread) -> Draft:
    """Make the dead letter of a record, with its bytes and headers as they came."""
    envelope = why.envelope
    recorded = (
        envelope.recorded
        if envelope
        else datetime.fromtimestamp(max(record.timestamp, 0) / 1_000, tz=UTC)
    )
    place = (record.topic, str(record.partition), str(record.offset))
    # The timestamp tells the same offset of a topic that was made anew.
    letter = DeadLetter(
        id=derive_id("dead", plan.stage.name, *place, str(record.timestamp)),
        stage=plan.stage.name,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        record="/".join(place),
        reason=why.reason,
        path=why.path,
        source=envelope.source if envelope else "",
        content_type=envelope.content_type if envelope else "",
        recorded=recorded,
        headers=_encoded(record.headers),
        content=b64encode(record.value or b""),
    )
    return _letter(plan, letter, cause_of(envelope) if envelope else Cause(recorded))


def _refused(plan: Plan[S], record: Draft, of: str, reason: str, cause: Cause) -> DeadLetter:
    return DeadLetter(
        id=derive_id("dead", plan.stage.name, record.topic, of),
        stage=plan.stage.name,
        topic=record.topic,
        partition=record.destination,
        offset=-1,
        record=of,
        reason=reason,
        source=f"stage:{plan.stage.name}",
        content_type="application/json",
        recorded=cause.recorded,
        headers=_encoded(dict(record.headers)),
        content=b64encode(record.value),
    )


def _letter(plan: Plan[S], letter: DeadLetter, cause: Cause) -> Draft:
    topic = plan.dead_letters
    output = Output(topic.name, letter.record, letter)
    record = _record(plan, topic, output, cause)
    if _fits(topic, record):
        return record
    # Even the dead letters have a limit: then the place, reason and headers must do.
    return _record(plan, topic, _without_content(topic, letter), cause)


def _without_content(topic: Topic, letter: DeadLetter) -> Output:
    bare = letter.model_copy(update={"content": b"", "path": letter.path or "content-left-out"})
    return Output(topic.name, letter.record, bare)


def _encoded(headers: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: b64encode(value) for name, value in headers.items()}


def with_number(headers: Headers, source: str, number: int) -> Headers:
    """Add the two headers by which the next stage knows a repeat."""
    mark = (SOURCE_HEADER, source.encode()), (NUMBER_HEADER, str(number).encode())
    return (*headers, *mark)
