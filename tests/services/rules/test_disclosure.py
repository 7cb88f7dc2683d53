"""Nothing leaves outside its tier, whatever the facts; and no words of a clinical source ever."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinbridge.partnership.model import Partnership
from kinbridge_schemas.concerns import Concern
from kinbridge_schemas.disclosure import HIDDEN_RULE, disclose
from kinbridge_schemas.events.care import EdAttended, PresentationGroup
from kinbridge_schemas.events.contact import LeadPractitionerAllocated
from kinbridge_schemas.events.maternity import AntenatalAppointment, BirthNotified
from kinbridge_schemas.events.persons import UnbornRegistered
from kinbridge_schemas.identifiers import PersonName
from kinbridge_schemas.linked import LinkedEvent
from kinbridge_schemas.vocabulary import DisclosureTier, Provider, Role, Urgency
from tests.builders import a_child, a_linked_event
from tests.services.rules import facts
from tests.services.rules.facts import day
from tests.services.rules.play import Play, an_id, changed_policy

WORDS = "leukaemia overdose"
"""What a clinical source might have written where we take only codes."""

PLACES = Provider(ods="RJ2", name="Hospital Secret")


def _events(*, restricted: bool) -> list[LinkedEvent]:
    level = "sensitive" if restricted else "none"
    child = facts.unborn_at(37, restriction=level)
    missed = AntenatalAppointment(
        appointment_id=an_id("appointment"),
        status=facts.DNA,
        start=day(0, -4),
        provider=PLACES,
        raw_status=WORDS,
    )
    arrived = EdAttended(
        attendance_id=an_id("attendance"),
        arrived=day(-2),
        presentation=PresentationGroup.SELF_HARM,
        provider=PLACES,
        place="Ward Secret",
    )
    born = BirthNotified(live=True, provider=PLACES)
    mother = Role.MOTHER
    return [
        facts.plan(child),
        facts.required(child),
        facts.assessment(child, day(0), "2"),
        a_linked_event(missed, child=child, at=day(0, -4), relation=mother),
        a_linked_event(arrived, child=child, at=day(-2), relation=mother),
        a_linked_event(born, child=child, at=day(0)),
    ]


def _all(tier: str) -> Partnership:
    """The policy with one tier for all that any rule tells."""

    def set_tier(data: dict[str, dict[str, dict[str, list[dict[str, object]]]]]) -> None:
        for rule in data["rules"].values():
            for recipient in rule.get("recipients", []):
                recipient.update(tier=tier, tier_otherwise=tier)

    return changed_policy(set_tier)


def _concerns(*, tier: str, restricted: bool) -> list[Concern]:
    play = Play(day(0, 3), _all(tier))
    *before, birth = _events(restricted=restricted)
    play.send(*before)
    play.clock(day(0, 4))
    play.send(birth)
    play.clock(day(1))
    return [proposed.concern for proposed in play.proposed]


def _text(concern: Concern) -> str:
    return concern.model_dump_json(exclude={"basis"})


def test_every_rule_is_among_what_is_examined() -> None:
    rules = {c.rule for c in _concerns(tier="content", restricted=False)}

    assert rules == {"R1", "R2", "R3", "R7", "R23"}


def test_no_words_of_a_clinical_source_leave() -> None:
    for concern in _concerns(tier="content", restricted=False):
        assert "leukaemia" not in _text(concern)
        assert "self-harm" not in _text(concern)


def test_at_content_places_are_shown_and_for_a_restricted_child_they_are_not() -> None:
    shown = "".join(_text(c) for c in _concerns(tier="content", restricted=False))
    hidden = "".join(_text(c) for c in _concerns(tier="content", restricted=True))

    assert "Hospital Secret" in shown
    assert "Ward Secret" in shown
    assert "Secret" not in hidden
    assert "RJ2" not in hidden


def test_existence_says_that_there_is_something_and_whom_to_speak_to() -> None:
    for concern in _concerns(tier="existence", restricted=False):
        assert concern.facts == ()
        assert concern.last_seen is None
        assert concern.next_appointment is None
        assert {c.what for c in concern.checks} <= {"health-information"}
        assert (concern.whom.edd, concern.whom.gestation_days, concern.whom.born) == (None,) * 3
        assert "Secret" not in _text(concern)
        assert concern.contacts
        assert concern.asked.owner


def test_existence_has_the_same_words_for_every_rule() -> None:
    said = {
        (c.why, c.threshold, c.asked.what, c.asked.sentence)
        for c in _concerns(tier="existence", restricted=False)
        if c.rule != "R23" and c.status == "active"
    }

    assert len(said) == 1


def test_the_rule_is_hidden_when_it_is_sent() -> None:
    for concern in _concerns(tier="existence", restricted=False):
        sent = disclose(concern, concern.tier, restricted=False)
        assert sent.rule == ("R23" if concern.rule == "R23" else HIDDEN_RULE)


ALL = [
    concern
    for tier in ("content", "existence")
    for restricted in (False, True)
    for concern in _concerns(tier=tier, restricted=restricted)
]
TIERS = st.sampled_from(DisclosureTier)


@settings(suppress_health_check=list(HealthCheck))
@given(concern=st.sampled_from(ALL), tier=TIERS, restricted=st.booleans())
def test_disclosing_twice_changes_nothing(
    concern: Concern, tier: DisclosureTier, *, restricted: bool
) -> None:
    once = disclose(concern, tier, restricted)

    assert disclose(once, tier, restricted) == once


@given(concern=st.sampled_from(ALL), first=TIERS, second=TIERS, restricted=st.booleans())
def test_a_tier_is_never_widened(
    concern: Concern, first: DisclosureTier, second: DisclosureTier, *, restricted: bool
) -> None:
    sent = disclose(disclose(concern, first, restricted), second, restricted=False)

    if DisclosureTier.EXISTENCE in {concern.tier, first, second}:
        assert sent.tier is DisclosureTier.EXISTENCE
        assert sent.facts == ()
    if restricted:
        assert all(fact.place is None and fact.provider is None for fact in sent.facts)


KEPT_AT_EXISTENCE = {
    "concern",
    "rule",
    "rule_version",
    "about",
    "child",
    "family",
    "authority",
    "arm",
    "team",
    "status",
    "withdrawn",
    "urgency",
    "never_suppressed",
    "tier",
    "basis",
    "whom",
    "situation",
    "corrects",
    "checks",
    "why",
    "threshold",
    "asked",
    "contacts",
    "handling",
    "stays_open",
    "record_revision",
    "as_of",
}


@given(concern=st.sampled_from(ALL), restricted=st.booleans())
def test_existence_is_a_closed_list_of_fields(concern: Concern, *, restricted: bool) -> None:
    sent = disclose(concern, DisclosureTier.EXISTENCE, restricted)
    defaults = {name: f.default for name, f in Concern.model_fields.items()}
    filled = {name for name in Concern.model_fields if getattr(sent, name) != defaults[name]}

    assert filled <= KEPT_AT_EXISTENCE


def test_the_review_clock_of_a_birth_is_not_said_at_existence() -> None:
    births = [c for c in _concerns(tier="existence", restricted=False) if c.rule == "R3"]

    assert births
    assert not any("review" in code for c in births for code in c.stays_open)


def test_an_urgent_arrival_does_not_say_why_it_is_urgent_at_any_tier() -> None:
    child = a_child(born=day(-2000))
    play = Play(day(0))
    play.send(
        facts.plan(child), facts.arrival(child, day(0), presentation=PresentationGroup.SELF_HARM)
    )
    (concern,) = play.of("R7")

    assert concern.urgency is Urgency.U1
    assert "harm" not in json.dumps(json.loads(_text(concern)))


def test_at_existence_nothing_by_which_the_line_goes_tells_what_it_is() -> None:
    for concern in _concerns(tier="existence", restricted=False):
        sent = disclose(concern, concern.tier, restricted=False)

        assert sent.about == sent.concern
        assert not sent.never_suppressed


def test_at_existence_a_birth_that_only_health_told_is_not_on_the_child() -> None:
    registered = a_linked_event(
        UnbornRegistered(), child=facts.unborn_at(37), at=day(-90), relation=Role.UNBORN
    )
    child = facts.unborn_at(37, mother_name=PersonName("Rosa Example"))
    born = child.model_copy(update={"unborn": False, "born": day(0), "revision": 2})
    play = Play(day(0), _all("existence"))
    play.send(registered, facts.plan(child), facts.birth(born, day(0)))
    (concern,) = play.of("R3")
    whom = disclose(concern, concern.tier, restricted=False).whom

    assert (whom.label, whom.unborn, whom.born) == ("Unborn baby", True, None)
    assert whom.name == PersonName("Rosa Example")


def test_a_mothers_name_is_never_shown_as_that_of_her_baby() -> None:
    child = facts.unborn_at(37, mother_name=PersonName("Rosa Example"))
    play = Play(day(0))
    play.send(facts.plan(child), facts.birth(child, day(0), births=2, birth_order=1))
    (concern,) = play.of("R3")

    assert (concern.whom.unborn, concern.whom.name) == (False, None)


def test_for_a_restricted_child_the_source_does_not_name_the_hospital() -> None:
    child = a_child(born=day(-2000), restriction="sensitive")
    play = Play(day(0))
    play.send(facts.plan(child), facts.arrival(child, day(0), source="hospital-secret"))
    (concern,) = play.of("R7")

    assert [fact.source for fact in concern.facts] == ["health"]


def test_an_alert_of_the_authoritys_own_record_tells_nothing_of_care() -> None:
    concerns = [c for c in _concerns(tier="content", restricted=False) if c.rule == "R2"]

    assert concerns
    assert {(c.last_seen, c.next_appointment) for c in concerns} == {(None, None)}


def test_a_duty_number_is_told_only_if_it_is_one() -> None:
    child = a_child(born=day(-2000))
    shown: dict[str, str | None] = {}
    for text in ("020 7946 0110 ext 12", "ask for Jo about the overdose"):
        lead = LeadPractitionerAllocated(role="lcpp", worker="SW-1", team="cpt", duty_phone=text)
        play = Play(day(0))
        play.send(
            facts.plan(child),
            a_linked_event(lead, child=child, at=day(-5)),
            facts.arrival(child, day(0)),
        )
        (concern,) = play.of("R7")
        shown[text] = next(c.phone for c in concern.contacts if c.worker)

    assert list(shown.values()) == ["020 7946 0110 ext 12", None]
