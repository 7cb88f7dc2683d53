"""Which team a concern is for, by the record as it stands when it is said."""

from __future__ import annotations

from typing import Any

import pytest

from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.events.contact import (
    ContactReceived,
    FamilyHelpEpisodeEnded,
    FamilyHelpEpisodeStarted,
    LeadPractitionerAllocated,
    LeadPractitionerChanged,
)
from kinbridge_schemas.events.persons import FamilyAgreementRecorded
from kinbridge_schemas.linked import LinkedEvent
from kinbridge_schemas.vocabulary import Role
from tests.builders import a_child, a_linked_event
from tests.services.rules import facts
from tests.services.rules.facts import day
from tests.services.rules.play import Play, an_id

CHILD = a_child(born=day(-900))


def contact(**changes: Any) -> LinkedEvent:
    made = ContactReceived(contact_id=an_id("contact"))
    return a_linked_event(made, child=CHILD, at=day(0), **changes)


def agreement() -> LinkedEvent:
    made = FamilyAgreementRecorded(agreement_id=an_id("agreement"))
    return a_linked_event(made, child=CHILD, at=day(-1))


def lead(
    team: str | None,
    number: float = -5,
    *,
    role: str = "family_help_lead_practitioner",
    until: float | None = None,
    relation: Role = Role.CHILD,
) -> LinkedEvent:
    made = LeadPractitionerAllocated(
        role=role, worker="FH-1", team=team, until=None if until is None else day(until)
    )
    return a_linked_event(made, child=CHILD, at=day(number), relation=relation)


def helped(team: str, number: float = -20) -> LinkedEvent:
    made = FamilyHelpEpisodeStarted(episode_id=an_id("help"), team=team)
    return a_linked_event(made, child=CHILD, at=day(number))


def help_ended() -> LinkedEvent:
    made = FamilyHelpEpisodeEnded(episode_id=an_id("help"))
    return a_linked_event(made, child=CHILD, at=day(-2))


def told(*events: LinkedEvent) -> tuple[str, str]:
    play = Play(day(0))
    play.send(agreement(), *events, contact())
    (concern,) = (c for c in play.of("R23", "family-help") if "contact" in c.why)
    return _team(concern)


def _team(concern: Concern) -> tuple[str, str]:
    assert concern.team is not None
    return concern.team.code, concern.team.found.value


RECORDS = [
    pytest.param((), ("lewisham-contact-point", "no-team-recorded"), id="nobody leads"),
    pytest.param(
        (lead("lewisham-family-help"),), ("lewisham-family-help", "allocated"), id="a lead's team"
    ),
    pytest.param(
        (lead(None),), ("lewisham-contact-point", "no-team-recorded"), id="a lead without a team"
    ),
    pytest.param(
        (lead("somewhere-else"),),
        ("lewisham-contact-point", "team-not-known"),
        id="a team that nobody knows",
    ),
    pytest.param(
        (lead("lewisham-family-help", until=-1),),
        ("lewisham-contact-point", "no-team-recorded"),
        id="a lead who has left",
    ),
    pytest.param(
        (lead("child-protection-team", role="lcpp"),),
        ("lewisham-contact-point", "team-of-another-arm"),
        id="a team that protects",
    ),
    pytest.param(
        (helped("lewisham-family-help"),),
        ("lewisham-family-help", "allocated"),
        id="the team of Family Help",
    ),
    pytest.param(
        (helped("lewisham-family-help"), help_ended()),
        ("lewisham-contact-point", "no-team-recorded"),
        id="Family Help that has ended",
    ),
    pytest.param(
        (helped("lewisham-family-help"), lead("contact-point")),
        ("lewisham-contact-point", "allocated"),
        id="the later of two teams",
    ),
    pytest.param(
        (lead("lewisham-family-help", relation=Role.MOTHER),),
        ("lewisham-contact-point", "no-team-recorded"),
        id="the team of a young mother's own case",
    ),
]


@pytest.mark.parametrize(("record", "expected"), RECORDS)
def test_the_team_of_a_concern(record: tuple[LinkedEvent, ...], expected: tuple[str, str]) -> None:
    assert told(*record) == expected


def test_another_team_is_a_new_account_of_the_same_concern() -> None:
    play = Play(day(0))
    play.send(agreement(), contact())
    changed = LeadPractitionerChanged(
        role="family_help_lead_practitioner", worker="FH-2", team="lewisham-family-help"
    )
    said = play.send(a_linked_event(changed, child=CHILD, at=day(0)))

    assert [_team(c) for c in said] == [("lewisham-family-help", "allocated")]
    assert len(play.of("R23", "family-help")) == 1


def test_when_a_lead_leaves_without_another_the_default_team_has_it_and_is_told() -> None:
    play = Play(day(0))
    play.send(agreement(), lead("lewisham-family-help", until=0.2), contact())
    still = play.clock(day(0.1))
    said = play.clock(day(0.2))

    assert still == []
    assert [_team(c) for c in said] == [("lewisham-contact-point", "no-team-recorded")]


def test_another_way_to_the_same_team_is_no_news() -> None:
    play = Play(day(0))
    play.send(agreement(), lead("lewisham-family-help"), contact())
    before = play.of("R23", "family-help")
    play.send(lead("lewisham-family-help", 0))

    assert play.of("R23", "family-help") == before


def test_the_desk_that_is_named_is_that_of_the_team() -> None:
    play = Play(day(0))
    play.send(
        facts.plan(CHILD),
        lead("adolescent-protection-team", role="lcpp"),
        facts.arrival(CHILD, day(0)),
    )
    (concern,) = play.of("R7")

    assert concern.team is not None
    assert concern.team.code == "lewisham-adolescent-protection-team"
    phones = {c.phone for c in concern.contacts if c.role == "allocated_social_worker"}
    assert phones == {"020 7946 0140"}


def test_an_account_that_is_taken_back_names_the_team_that_had_it() -> None:
    play = Play(day(0))
    play.send(agreement(), lead("lewisham-family-help"), contact())
    play.clock(day(0, 1))
    play.send(contact(act="retract", version=2))
    play.clock(day(0, 2))
    (concern,) = play.of("R23", "family-help")

    assert concern.status != "active"
    assert _team(concern) == ("lewisham-family-help", "allocated")
