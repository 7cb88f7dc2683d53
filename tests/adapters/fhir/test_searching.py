"""What a search's answer is taken for, where the server's own words are not plain."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from kinbridge_schemas.events.care import ChildNotBrought
from kinbridge_schemas.events.knowledge import CareRetrieved
from kinbridge_schemas.identifiers import NhsNumber
from kinbridge_schemas.mapped import Mapped
from kinbridge_schemas.retrieval import Answer, CareWanted, framed
from kinbridge_schemas.vocabulary import DisclosureTier, InputStatus, Role
from tests.adapters.fhir.messages import CHILD, Resource, appointment, concept, message, patient
from tests.adapters.mapping import NOW, PSEUDONYMS, map_one
from tests.builders import a_child_ref

DERMATOLOGY = {"serviceType": [concept("https://example.org/clinics", "330")]}


def found(
    *resources: Resource,
    tier: DisclosureTier = DisclosureTier.CONTENT,
    relation: Role = Role.CHILD,
    **bundle: Any,
) -> Mapped:
    number = NhsNumber(CHILD)
    answer = Answer(
        retrieval="retrieval-0123456789abcdef",
        destination="example-hospital",
        step="appointments",
        wanted=CareWanted(
            kinds=("Appointment",),
            since=NOW - timedelta(days=90),
            until=NOW + timedelta(days=90),
            tier=tier,
            basis="CP",
        ),
        nhs_number=number,
        person=PSEUDONYMS.of_nhs_number(number),
        relation=relation,
        child=a_child_ref(),
        authority="209",
        why="case-opened",
        end="answered",
        reason="status-200",
        status=200,
        content_type="application/fhir+json",
    )
    entries = [{"resource": each} for each in resources]
    page = {"resourceType": "Bundle", "type": "searchset", "entry": entries, **bundle}
    return map_one("fhir-search", framed(answer, json.dumps(page).encode()))


def end(mapped: Mapped) -> CareRetrieved:
    detail = mapped.events[-1].detail
    assert isinstance(detail, CareRetrieved)
    return detail


def trouble(severity: str, code: str) -> Resource:
    issue = [{"severity": severity, "code": code}]
    return {"resourceType": "OperationOutcome", "issue": issue}


def test_nothing_and_no_word_of_trouble_is_nothing() -> None:
    assert end(found(total=0)).status is InputStatus.NO_DATA
    advice = trouble("information", "informational")
    assert end(found(advice, total=0)).status is InputStatus.NO_DATA


@pytest.mark.parametrize("tier", list(DisclosureTier))
@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(trouble("warning", "processing"), id="something was wrong"),
        pytest.param(trouble("information", "suppressed"), id="something was held back"),
        pytest.param(trouble("error", "forbidden"), id="it may not be seen"),
    ],
)
def test_nothing_with_a_word_of_trouble_is_no_answer(
    outcome: Resource, tier: DisclosureTier
) -> None:
    assert end(found(outcome, total=0, tier=tier)).status is InputStatus.NO_RESPONSE


def test_nothing_where_the_server_counted_some_is_no_answer() -> None:
    assert end(found(total=3)).status is InputStatus.NO_RESPONSE


def test_fewer_than_the_server_counted_are_not_all() -> None:
    own = patient("child", CHILD, "2019-09-01")
    made = appointment("a1", "child", **DERMATOLOGY)

    assert end(found(made, own, total=1)).complete
    assert not end(found(made, own, total=2)).complete


def test_that_a_young_mother_was_not_brought_to_a_clinic_of_her_own_is_not_told() -> None:
    own = patient("young", CHILD, "2010-09-01")
    missed = appointment("a1", "young", status="noshow", **DERMATOLOGY)
    of_child, of_mother = (
        found(missed, own, total=1, relation=role) for role in (Role.CHILD, Role.MOTHER)
    )

    assert isinstance(of_child.events[0].detail, ChildNotBrought)
    assert [e.detail.kind for e in of_mother.events] == ["care_retrieved"]
    assert [e.reason for e in of_mother.ends] == ["adult-care-not-used"]


def test_a_number_of_versions_does_not_stand_before_what_was_told_later() -> None:
    def changed(status: str, meta: Resource | None) -> Resource:
        return appointment("a1", "child", status=status, meta=meta, **DERMATOLOGY)

    own = patient("child", CHILD, "2019-09-01")
    numbered = {"versionId": "3", "lastUpdated": "2026-03-01T10:00:00+00:00"}
    (fetched, _) = found(changed("booked", numbered), own, total=1).events
    (told,) = map_one("fhir-message", message(changed("noshow", None), own)).events

    assert told.version.later_than(fetched.version)


def test_between_equal_times_the_number_decides() -> None:
    own = patient("child", CHILD, "2019-09-01")
    times = {"lastUpdated": "2026-03-01T10:00:00+00:00"}
    first, second = (
        found(
            appointment("a1", "child", status=s, meta={"versionId": n, **times}, **DERMATOLOGY),
            own,
            total=1,
        ).events[0]
        for n, s in (("9", "booked"), ("10", "noshow"))
    )

    assert second.version.later_than(first.version)
    assert second.id != first.id


def test_where_nothing_says_when_the_number_alone_orders() -> None:
    own = patient("child", CHILD, "2019-09-01")
    first, second = (
        found(appointment("a1", "child", meta={"versionId": n}, **DERMATOLOGY), own, total=1)
        for n in ("1", "9" * 40)
    )

    assert (first.events[0].version.number, second.events[0].version.number) == (1, 10**15)
