"""Which tier of support an alert shows, and what the partnership calls it."""

from __future__ import annotations

import pytest

from kinbridge_schemas.base import Value
from kinbridge_schemas.concerns import Situation
from kinbridge_schemas.events.contact import (
    ContactReceived,
    FamilyHelpEpisodeEnded,
    FamilyHelpEpisodeStarted,
    FamilyHelpEpisodeStepped,
)
from kinbridge_schemas.events.persons import FamilyAgreementRecorded
from kinbridge_schemas.events.protection import CinPlanStarted, CpPlanStarted
from kinbridge_schemas.vocabulary import SupportTier
from tests.builders import a_child, a_linked_event
from tests.services.rules.facts import day
from tests.services.rules.play import Play, an_id, changed_policy

CHILD = a_child(born=day(-900))
HELP = an_id("help")
UNIVERSAL, EARLY, HELPED, PROTECTED, _, _ = SupportTier


def begun(tier: SupportTier, own: str = HELP) -> Value:
    return FamilyHelpEpisodeStarted(episode_id=own, tier=tier)


def stepped(upon: SupportTier, to: SupportTier) -> Value:
    return FamilyHelpEpisodeStepped(episode_id=HELP, from_tier=upon, to_tier=to)


def shown(*details: Value, play: Play | None = None) -> Situation:
    """Give what the first alert says, where these came a day after each other."""
    play = play or Play(day(0))
    contact = ContactReceived(contact_id=an_id("contact"))
    agreement = FamilyAgreementRecorded(agreement_id=an_id("agreement"))
    told = [
        a_linked_event(detail, child=CHILD, at=day(-20 + number))
        for number, detail in enumerate((agreement, *details))
    ]
    play.send(*told, a_linked_event(contact, child=CHILD, at=day(0)))
    return play.of("R23", "family-help")[0].situation


@pytest.mark.parametrize(
    ("details", "tier"),
    [
        pytest.param((), UNIVERSAL, id="nothing under way"),
        pytest.param((begun(EARLY),), EARLY, id="early help"),
        pytest.param((begun(SupportTier.UNKNOWN),), HELPED, id="help of an unknown tier"),
        pytest.param((begun(EARLY), stepped(EARLY, HELPED)), HELPED, id="stepped up"),
        pytest.param((begun(HELPED), stepped(HELPED, EARLY)), EARLY, id="stepped down"),
        pytest.param(
            (stepped(EARLY, HELPED), begun(EARLY)), HELPED, id="the step was heard of first"
        ),
        pytest.param(
            (begun(EARLY), stepped(EARLY, HELPED), stepped(HELPED, EARLY)), EARLY, id="the last"
        ),
        pytest.param(
            (begun(EARLY), FamilyHelpEpisodeEnded(episode_id=HELP)), UNIVERSAL, id="ended"
        ),
        pytest.param((begun(EARLY), begun(HELPED, an_id("help", "2"))), HELPED, id="the higher"),
        pytest.param(
            (begun(EARLY), CinPlanStarted(plan_id=an_id("plan"))), HELPED, id="a plan of need"
        ),
        pytest.param((begun(EARLY), CpPlanStarted(plan_id=an_id("plan"))), PROTECTED, id="a plan"),
    ],
)
def test_the_tier_is_the_highest_under_way_as_it_was_last_stepped(
    details: tuple[Value, ...], tier: SupportTier
) -> None:
    assert shown(*details).tier is tier


def test_an_alert_says_the_tier_in_the_words_of_the_partnership() -> None:
    policy = changed_policy(lambda d: d["tiers"].update({EARLY.value: "Team around the family"}))

    assert shown(begun(EARLY)).tier_title == "Family Help, targeted early help"
    assert shown(begun(EARLY), play=Play(day(0), policy)).tier_title == "Team around the family"
