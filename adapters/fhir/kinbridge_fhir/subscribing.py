"""What is asked of a FHIR server to be told: the Subscription, as each version writes it.

R4 says a topic by the extensions of the backport guide, and R4B as R4 does; R5 has elements of
its own. Source: HL7 Subscriptions R5 Backport 1.2.0-ballot; FHIR R5, Subscription.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

import orjson

from kinbridge_fhir.collection import Collection
from kinbridge_fhir.heard import Standing
from kinbridge_fhir.nodes import Node, extension, one, read_json, text
from kinbridge_schemas.problems import UnreadableError

FhirVersion = Literal["4.0", "4.3", "5.0"]
Payload = Literal["empty", "id-only", "full-resource"]

JSON_TYPE: Final = "application/fhir+json"
_BACKPORT: Final = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-"
_CHANNEL: Final = "http://terminology.hl7.org/CodeSystem/subscription-channel-type"
_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
_REASON: Final = "Information sharing for children with an open case"


@dataclass(frozen=True, slots=True)
class Wish:
    """What we want to be told, where, and until when. The secret in `header` never prints.

    `filters` are FHIR search criteria, as `Appointment?service-type=560`. `heartbeat` is in
    seconds, nought for none.
    """

    version: FhirVersion
    topic: str
    filters: tuple[str, ...]
    payload: Payload
    endpoint: str
    header: Mapping[str, str]
    heartbeat: int
    timeout: int
    max_count: int
    end: datetime

    def __repr__(self) -> str:
        return f"Wish(version={self.version!r}, topic={self.topic!r}, payload={self.payload!r})"


def subscription(wish: Wish, own: str = "") -> bytes:
    """Give the resource, asking to be activated. `own` is its id on the server, if it has one."""
    body = _r5(wish) if wish.version == "5.0" else _r4(wish)
    return orjson.dumps({**body, "id": own} if own else body)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _r4(wish: Wish) -> dict[str, object]:
    extras = [("timeout", "valueUnsignedInt", wish.timeout)]
    if wish.heartbeat:
        extras.append(("heartbeat-period", "valueUnsignedInt", wish.heartbeat))
    extras.append(("max-count", "valuePositiveInt", wish.max_count))
    body: dict[str, object] = {
        "resourceType": "Subscription",
        "meta": {"profile": [f"{_BACKPORT}subscription"]},
        "status": "requested",
        "end": _instant(wish.end),
        "reason": _REASON,
        "criteria": wish.topic,
        "channel": {
            "extension": [_extra(*extra) for extra in extras],
            "type": "rest-hook",
            "endpoint": wish.endpoint,
            "payload": JSON_TYPE,
            "_payload": {"extension": [_extra("payload-content", "valueCode", wish.payload)]},
            "header": [f"{name}: {value}" for name, value in wish.header.items()],
        },
    }
    if wish.filters:
        criteria = [_extra("filter-criteria", "valueString", each) for each in wish.filters]
        body["_criteria"] = {"extension": criteria}
    return body


def _extra(name: str, kind: str, value: object) -> dict[str, object]:
    return {"url": _BACKPORT + name, kind: value}


def _r5(wish: Wish) -> dict[str, object]:
    found: dict[str, object] = {
        "resourceType": "Subscription",
        "status": "requested",
        "topic": wish.topic,
        "end": _instant(wish.end),
        "reason": _REASON,
        "channelType": {"system": _CHANNEL, "code": "rest-hook"},
        "endpoint": wish.endpoint,
        "parameter": [{"name": name, "value": value} for name, value in wish.header.items()],
        "timeout": wish.timeout,
        "contentType": JSON_TYPE,
        "content": wish.payload,
        "maxCount": wish.max_count,
    }
    if wish.heartbeat:
        found["heartbeatPeriod"] = wish.heartbeat
    if filters := list(_filters(wish.filters)):
        found["filterBy"] = filters
    return found


def _filters(criteria: Iterable[str]) -> Iterator[dict[str, str]]:
    for each in criteria:
        resource, _, rest = each.rpartition("?")
        for pair in rest.split("&"):
            name, _, value = pair.partition("=")
            parameter, _, modifier = name.partition(":")
            found = {"filterParameter": parameter, "value": value}
            found |= {"resourceType": resource} if resource else {}
            yield found | ({"modifier": modifier} if modifier else {})


def standing(content: bytes, endpoint: str) -> Standing | None:
    """Find ours in a Subscription or a search for them: the one with our endpoint.

    Raises UnreadableError where the bytes are no resource.
    """
    root = read_json(content)
    for resource in Collection(root).of_kind("Subscription"):
        own = text(resource, "id") or ""
        # It becomes a step of addresses: nothing but an id may stand there.
        if _endpoint(resource) == endpoint and _ID.fullmatch(own):
            return Standing(
                id=own,
                status=text(resource, "status") or "",
                end=text(resource, "end") or "",
                asked=_asked(resource),
            )
    return None


def asked_for(wish: Wish) -> str:
    """Give what a `Standing` of this wish was asked for, to compare: topic, payload, filters."""
    return _asked(read_json(subscription(wish)))


def _asked(resource: Node) -> str:
    channel = one(resource, "channel")
    if channel is None:
        filters = ["".join(_flat(each)) for each in resource.all("filterBy")]
        said = [text(resource, "topic"), text(resource, "content")]
    else:
        inside = channel.under("payload")
        under = resource.under("criteria")
        extensions = under.all("extension") if under is not None else ()
        wanted = (e for e in extensions if e.url() == f"{_BACKPORT}filter-criteria")
        filters = [text(each, "valueString") or "" for each in wanted]
        payload = text(extension(inside, f"{_BACKPORT}payload-content"), "valueCode")
        said = [text(resource, "criteria"), payload]
    return "|".join([*(part or "" for part in said), *sorted(filters)])


def _flat(node: Node) -> Iterator[str]:
    for name in ("resourceType", "filterParameter", "modifier", "value"):
        yield f"{text(node, name) or ''} "


def is_resource(content: bytes) -> bool:
    """Whether bytes are a resource as JSON, and can stand in a Bundle with others."""
    try:
        return text(read_json(content), "resourceType") is not None
    except UnreadableError:
        return False


def next_page(content: bytes) -> str | None:
    """Give the address of the next page of a search, as the server wrote it."""
    for link in read_json(content).all("link"):
        if text(link, "relation") == "next":
            return text(link, "url")
    return None


def joined(parts: Iterable[bytes]) -> bytes:
    """Put answers together in one Bundle, each byte of each as it came. All are JSON objects."""
    entries = b",".join(b'{"resource":' + part + b"}" for part in parts)
    return b'{"resourceType":"Bundle","type":"collection","entry":[' + entries + b"]}"


def _endpoint(resource: Node) -> str | None:
    return text(resource, "endpoint") or text(resource, "channel", "endpoint")
