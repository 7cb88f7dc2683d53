"""What leaves as FHIR: valid, labelled, and no wider than what its reader may see."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from fhir.resources.R4B.communication import Communication
from fhir.resources.R4B.task import Task
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge.delivery.decide import team_alert
from kinbridge.sending.fhir import lines
from kinbridge_fhir.outbound import Outgoing, communication, tasks
from kinbridge_schemas.alerts import AlertRevision, TeamAlert
from kinbridge_schemas.concerns import Asked, Concern, Contact, ShownFact, Whom
from kinbridge_schemas.disclosure import disclose
from kinbridge_schemas.identifiers import LaChildId, NhsNumber, PersonName
from kinbridge_schemas.vocabulary import DisclosureTier, Occurred, Service, Urgency
from tests.builders import a_child_ref
from tests.services.consolidation.builders import START, Desk, a_concern, minutes, withdrawn

NUMBER: Final = "9000000009"
SECRETS: Final = (NUMBER, "Rosa", "Example Lane", "EX-77", "Example Hospital", "0300 000 0001")
NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"


def a_whom(child: str, **changes: Any) -> Whom:
    given: dict[str, Any] = {
        "child": child,
        "label": "Child",
        "la_child_id": LaChildId("EX-77"),
        "nhs_number": NhsNumber(NUMBER),
        "name": PersonName("Rosa Example"),
        "matched_by": "nhs-number",
        "born": START,
    }
    return Whom(**(given | changes))


def a_full_concern(name: str = "one", **changes: Any) -> Concern:
    """A concern with everything in it that anybody could be told."""
    child = a_child_ref(name)
    fact = ShownFact(
        fact="fact-1",
        occurred=Occurred(at=START),
        service=Service.MATERNITY,
        outcome="did-not-attend",
        provider="Example Hospital",
        place="Ward of Example Lane",
        source="example-hospital",
    )
    given: dict[str, Any] = {
        "child": child,
        "whom": a_whom(child),
        "urgency": Urgency.U1,
        "facts": (fact,),
        "contacts": (Contact(role="lcpp", phone="0300 000 0001"),),
        "asked": Asked(
            what="health-information",
            sentence="Please say whether your service knows this child.",
            owner="mash_health",
            cover="deputy_health_lead",
            by=START + minutes(240),
            request_id="request-0123",
        ),
    }
    return a_concern(name, **(given | changes))


def alerts(*concerns: Concern) -> list[TeamAlert]:
    """Give each revision as the readers of the team's topic see it."""
    desk = Desk()
    for number, concern in enumerate(concerns):
        desk.propose(concern, at=START + minutes(number))
    desk.pass_time(START + minutes(len(concerns)))
    return [team_alert(r, _restricted(r)) for r in desk.said]


def _restricted(revision: AlertRevision) -> frozenset[str]:
    whom = [item.concern.whom for item in revision.items]
    return frozenset(w.child for w in whom if w.restriction != "none")


def told(alert: TeamAlert) -> dict[str, Any]:
    """Give the Communication, held to fhir.resources."""
    content = communication(alert, lines(alert), said=START).content
    Communication.model_validate_json(content)
    return dict(json.loads(content))


def asked(alert: TeamAlert) -> list[dict[str, Any]]:
    found = tasks(alert, said=START)
    for each in found:
        Task.model_validate_json(each.content)
    return [json.loads(each.content) for each in found]


def places(node: Any, here: str = "") -> Iterator[str]:
    """Give every field of a resource by its way, without the positions in lists."""
    match node:
        case dict():
            for name, inner in node.items():
                yield from places(inner, f"{here}.{name}" if here else name)
        case list():
            for inner in node:
                yield from places(inner, here)
        case _:
            yield here


_REFERENCE: Final = {"type", "identifier.system", "identifier.value"}
_COMMUNICATION: Final = frozenset(
    {
        *("resourceType", "meta.profile", "status", "priority", "sent"),
        *("meta.security.system", "meta.security.code", "meta.security.display"),
        *("identifier.system", "identifier.value"),
        *("category.coding.system", "category.coding.code"),
        *(f"inResponseTo.{part}" for part in _REFERENCE),
    }
)
_CONTENT: Final = frozenset(
    {
        *("payload.contentString", "reasonCode.coding.system", "reasonCode.coding.code"),
        *("sender.display", "recipient.display"),
        *(
            f"{who}.{part}"
            for who in ("subject", "about", "sender", "recipient")
            for part in _REFERENCE
        ),
    }
)


def test_a_revision_is_a_communication_of_uk_core_about_its_child() -> None:
    (alert,) = alerts(a_full_concern())

    found = told(alert)

    assert found["meta"]["profile"] == [
        "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Communication"
    ]
    assert found["subject"] == {
        "type": "Patient",
        "identifier": {"system": NHS_NUMBER, "value": NUMBER},
    }
    assert found["recipient"][0]["identifier"]["value"] == "mash_health"
    assert (found["status"], found["priority"]) == ("completed", "stat")
    assert found["identifier"] == [
        {"system": "urn:kinbridge:alert-revision", "value": f"{alert.alert}.r1"},
        {"system": "urn:kinbridge:alert", "value": alert.alert},
    ]


def test_a_later_revision_has_its_own_name_and_says_what_it_follows() -> None:
    first = a_full_concern()
    *_, last = alerts(first, withdrawn(first, at=START + minutes(1)))

    found = told(last)

    assert found["identifier"][0]["value"] == f"{last.alert}.r2"
    assert found["inResponseTo"][0]["identifier"]["value"] == f"{last.alert}.r1"
    assert found["reasonCode"][0]["coding"][0]["code"] == "correction"


def test_of_brothers_and_sisters_none_is_the_subject() -> None:
    *_, alert = alerts(a_full_concern("one"), a_full_concern("two"))

    found = told(alert)

    assert "subject" not in found
    assert len(found["about"]) == 2


def test_a_child_whose_number_may_not_be_shown_goes_by_our_own_name() -> None:
    child = a_child_ref("one")
    (alert,) = alerts(a_full_concern(whom=a_whom(child, nhs_number=None)))

    assert told(alert)["subject"]["identifier"] == {
        "system": "urn:kinbridge:child",
        "value": child,
    }
    assert asked(alert)[0]["for"]["identifier"]["value"] == child


@pytest.mark.parametrize("tier", list(DisclosureTier))
def test_everything_that_leaves_is_kept_from_the_patient(tier: DisclosureTier) -> None:
    concern = disclose(a_full_concern(), tier, restricted=False)
    (alert,) = alerts(concern)

    for resource in (told(alert), *asked(alert)):
        assert [label["code"] for label in resource["meta"]["security"]] == ["R", "NOPAT"]
        assert "text" not in resource
        assert set(places(resource["meta"])) <= {
            "profile",
            *("security.system", "security.code", "security.display"),
        }


def test_of_a_restricted_family_only_the_id_and_the_urgency_leave() -> None:
    child = a_child_ref("one")
    (alert,) = alerts(a_full_concern(whom=a_whom(child, restriction="sensitive")))

    found = told(alert)

    assert set(places(found)) <= _COMMUNICATION
    assert found["meta"]["security"][0]["code"] == "V"
    assert found["priority"] == "stat"
    assert asked(alert) == []
    assert not [secret for secret in (*SECRETS, child) if secret in json.dumps(found)]


def test_what_is_on_hold_for_a_risk_is_very_restricted() -> None:
    (told_before,) = alerts(a_full_concern())
    assert told_before.content is not None
    (item,) = told_before.content.items
    concern = item.concern.model_copy(update={"handling": ("disclosure-risk",)})
    items = (item.model_copy(update={"concern": concern}),)
    content = told_before.content.model_copy(update={"items": items})
    alert = told_before.model_copy(update={"content": content})

    assert told(alert)["meta"]["security"][0]["code"] == "V"
    assert asked(alert)[0]["meta"]["security"][0]["code"] == "V"


def test_a_request_to_health_is_a_task_with_its_owner_and_its_due_time() -> None:
    (alert,) = alerts(a_full_concern())

    (found,) = asked(alert)

    assert found["meta"]["profile"] == ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Task"]
    assert (found["status"], found["intent"], found["priority"]) == ("requested", "order", "stat")
    assert found["code"]["coding"][0]["code"] == "health-information"
    assert found["for"]["identifier"] == {"system": NHS_NUMBER, "value": NUMBER}
    assert found["owner"]["identifier"]["value"] == "mash_health"
    assert found["restriction"] == {"period": {"end": "2026-11-03T14:00:00Z"}}
    assert found["focus"]["identifier"]["value"] == f"{alert.alert}.r1"
    assert found["groupIdentifier"]["value"] == alert.alert
    assert found["identifier"][0]["value"] == "request-0123"


@pytest.mark.parametrize(("status", "said"), [("ended", "completed"), ("withdrawn", "cancelled")])
def test_the_end_of_a_request_is_a_task_that_leaves_the_first_alone(
    status: str, said: str
) -> None:
    first = a_full_concern()
    ended = first.model_copy(
        update={"status": status, "withdrawn": "no-data", "as_of": START + minutes(1)}
    )
    *_, alert = alerts(first, ended)

    (found,) = asked(alert)

    assert found["status"] == said
    assert found["identifier"][0]["value"] == f"request-0123.{said}"
    assert found["partOf"][0]["identifier"]["value"] == "request-0123"
    assert found["statusReason"]["coding"][0]["code"] == "no-data"


def test_an_alert_without_a_request_asks_nothing() -> None:
    (alert,) = alerts(a_concern(urgency=Urgency.U1))

    assert asked(alert) == []


def test_what_a_person_reads_names_nobody_and_no_place() -> None:
    (alert,) = alerts(a_full_concern())

    found = told(alert)
    read = " ".join(part["contentString"] for part in found["payload"])

    assert "did not attend" in read
    assert not [secret for secret in SECRETS if secret in read]
    # The number is in the reference to the patient, and nowhere else.
    assert json.dumps(found).count(NUMBER) == 1
    assert "Rosa" not in json.dumps([found, *asked(alert)])


@settings(max_examples=60, deadline=None)
@given(
    tiers=st.lists(st.sampled_from(DisclosureTier), min_size=1, max_size=3),
    restrictions=st.lists(st.sampled_from(["none", "sensitive"]), min_size=3, max_size=3),
)
def test_no_field_leaves_that_is_not_of_the_list(
    tiers: list[DisclosureTier], restrictions: list[str]
) -> None:
    names = ("one", "two", "three")
    concerns = [
        disclose(
            a_full_concern(name, whom=a_whom(a_child_ref(name), restriction=restriction)),
            tier,
            restricted=restriction != "none",
        )
        for name, tier, restriction in zip(names, tiers, restrictions, strict=False)
    ]

    for alert in alerts(*concerns):
        found = told(alert)
        allowed = _COMMUNICATION if alert.content is None else _COMMUNICATION | _CONTENT
        assert set(places(found)) <= allowed
        if alert.content and DisclosureTier.CONTENT not in {c.tier for c in concerns}:
            assert "did not attend" not in json.dumps(found)


def test_what_leaves_does_not_print() -> None:
    (alert,) = alerts(a_full_concern())

    shown: list[Outgoing] = [communication(alert, lines(alert), said=START)]

    assert NUMBER not in repr([*shown, *tasks(alert, said=START)])
