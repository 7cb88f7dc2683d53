"""What a FHIR server says of a subscription, as each version writes it: for the stub to send."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kinbridge.sources.subscriptions import FhirVersion, Payload

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its number, what it is about, and whether that was deleted."""

    number: int
    focus: str
    at: datetime
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """How a subscription stands, as all that is said of it repeats."""

    version: FhirVersion
    base: str
    own: str
    topic: str
    status: str
    count: int
    at: datetime


def status(account: Account, kind: str, events: Sequence[Event], *, named: bool) -> Resource:
    """Give the status: Parameters in R4, a SubscriptionStatus else. `named`: with each focus."""
    about = f"{account.base}/Subscription/{account.own}"
    if account.version == "4.0":
        parts = [
            {"name": "subscription", "valueReference": {"reference": about}},
            {"name": "topic", "valueCanonical": account.topic},
            {"name": "status", "valueCode": account.status},
            {"name": "type", "valueCode": kind},
            {"name": "events-since-subscription-start", "valueString": str(account.count)},
            *(_part(account, event, named=named) for event in events),
        ]
        return {"resourceType": "Parameters", "id": "status", "parameter": parts}
    found: Resource = {
        "resourceType": "SubscriptionStatus",
        "id": "status",
        "status": account.status,
        "type": kind,
        "eventsSinceSubscriptionStart": str(account.count),
        "subscription": {"reference": about},
        "topic": account.topic,
    }
    if events:
        found["notificationEvent"] = [_event(account, each, named=named) for each in events]
    return found


def _part(account: Account, event: Event, *, named: bool) -> Resource:
    parts: list[Resource] = [
        {"name": "event-number", "valueString": str(event.number)},
        {"name": "timestamp", "valueInstant": event.at.isoformat()},
    ]
    if named:
        focus = {"reference": f"{account.base}/{event.focus}"}
        parts.append({"name": "focus", "valueReference": focus})
    return {"name": "notification-event", "part": parts}


def _event(account: Account, event: Event, *, named: bool) -> Resource:
    found: Resource = {"eventNumber": str(event.number), "timestamp": event.at.isoformat()}
    return {**found, "focus": {"reference": f"{account.base}/{event.focus}"}} if named else found


def notification(
    account: Account,
    kind: str,
    events: Sequence[Event] = (),
    *,
    payload: Payload = "id-only",
    carried: Iterable[Resource] = (),
) -> Resource:
    """Give the Bundle of a notification. `carried` are the resources of a full payload."""
    own = f"Subscription/{account.own}"
    first = {
        "fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "resource": status(account, kind, events, named=payload != "empty"),
        "request": {"method": "GET", "url": f"{own}/$status"},
        "response": {"status": "200"},
    }
    with_bodies = carried if payload == "full-resource" else ()
    entries = [first, *(_entry(account, resource) for resource in with_bodies)]
    if payload != "empty":
        entries += [_deletion(account, event) for event in events if event.removed]
    return {
        "resourceType": "Bundle",
        "id": f"n{account.count}",
        "type": "subscription-notification" if account.version == "5.0" else "history",
        "timestamp": account.at.isoformat(),
        "entry": entries,
    }


def _entry(account: Account, resource: Resource) -> Resource:
    place = f"{resource['resourceType']}/{resource['id']}"
    return {
        "fullUrl": f"{account.base}/{place}",
        "resource": resource,
        "request": {"method": "PUT", "url": place},
        "response": {"status": "200"},
    }


def _deletion(account: Account, event: Event) -> Resource:
    return {
        "fullUrl": f"{account.base}/{event.focus}",
        "request": {"method": "DELETE", "url": event.focus},
        "response": {"status": "204"},
    }


def searchset(resources: Iterable[Resource], base: str, more: str | None = None) -> Resource:
    """Give the answer to a search. `more` is the address of the next page."""
    entries = [
        {"fullUrl": f"{base}/{r['resourceType']}/{r.get('id', '')}", "resource": r}
        for r in resources
    ]
    found: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    if entries:
        found["entry"] = entries
    if more is not None:
        found["link"] = [{"relation": "next", "url": more}]
    return found


def history(
    versions: Sequence[Resource | None], place: str, times: Sequence[datetime]
) -> Resource:
    """Give the history of one resource, the newest first. None among `versions`: deleted."""
    entries: list[Resource] = []
    for version, at in zip(reversed(versions), reversed(times), strict=True):
        method = "PUT" if version is not None else "DELETE"
        entry: Resource = {
            "request": {"method": method, "url": place},
            "response": {"status": "200", "lastModified": at.isoformat()},
        }
        entries.append(entry if version is None else {**entry, "resource": version})
    return {"resourceType": "Bundle", "type": "history", "total": len(entries), "entry": entries}
