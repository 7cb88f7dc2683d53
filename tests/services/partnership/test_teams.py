"""Which team of an arm is asked: the record's, else the arm's default, and why is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.partnership.loader import load_all
from kinbridge_schemas.vocabulary import ServiceArm, TeamFound, Urgency

POLICIES = load_all(Path(__file__).parents[3] / "deploy" / "partnerships")
ARMS: tuple[ServiceArm, ...] = ("family-help", "macpt")

ASKED = [
    pytest.param(
        "210",
        "family-help",
        ("southwark-fh-east-central",),
        ("southwark-fh-east-central", "allocated"),
        id="a locality team",
    ),
    pytest.param(
        "209",
        "macpt",
        ("adolescent-protection-team",),
        ("lewisham-adolescent-protection-team", "allocated"),
        id="a code that the case system has for it",
    ),
    pytest.param(
        "209",
        "macpt",
        ("lewisham-family-help", "lewisham-child-protection-team"),
        ("lewisham-child-protection-team", "allocated"),
        id="the team of this arm, though one of the other came later",
    ),
    pytest.param(
        "209",
        "family-help",
        ("a-team-nobody-knows", "lewisham-family-help"),
        ("lewisham-family-help", "allocated"),
        id="the team that is known beside one that is not",
    ),
    pytest.param(
        "209",
        "family-help",
        (),
        ("lewisham-contact-point", "no-team-recorded"),
        id="no team: the Contact Point",
    ),
    pytest.param(
        "210",
        "family-help",
        ("a-team-nobody-knows",),
        ("southwark-mash", "team-not-known"),
        id="a team that the policy does not know",
    ),
    pytest.param(
        "209",
        "macpt",
        ("lewisham-family-help",),
        ("lewisham-macpt", "team-of-another-arm"),
        id="a team of the other arm only",
    ),
]


@pytest.mark.parametrize(("authority", "arm", "recorded", "expected"), ASKED)
def test_the_team_that_is_asked(
    authority: str, arm: ServiceArm, recorded: tuple[str, ...], expected: tuple[str, str]
) -> None:
    team = POLICIES[authority].team_asked(arm, recorded)

    assert (team.code, team.found.value) == expected


CODES = [code for p in POLICIES.values() for team in p.teams for code in team.codes]


@given(
    authority=st.sampled_from(sorted(POLICIES)),
    arm=st.sampled_from(ARMS),
    recorded=st.lists(st.sampled_from([*CODES, "another", "a-third"]), max_size=4),
)
def test_whatever_the_record_names_a_team_of_the_arm_is_asked(
    authority: str, arm: ServiceArm, recorded: list[str]
) -> None:
    policy = POLICIES[authority]
    team = policy.team_asked(arm, tuple(recorded))
    found = next(t for t in policy.teams if t.code == team.code)

    assert found.arm == arm
    named = not set(found.codes).isdisjoint(recorded)
    assert (team.found is TeamFound.ALLOCATED) == named or found.default


def test_a_role_is_reached_at_the_team_that_is_asked() -> None:
    policy = POLICIES["209"]
    desks = {
        team: policy.post("lcpp", "macpt", frozenset({team}))
        for team in ("lewisham-adolescent-protection-team", "lewisham-macpt", "another")
    }
    phones = {t: found[1].desk.phone for t, found in desks.items() if found and found[1].desk}

    assert phones == {
        "lewisham-adolescent-protection-team": "020 7946 0140",
        "lewisham-macpt": "020 7946 0110",
        "another": "020 7946 0110",
    }


def test_a_role_that_the_team_has_not_is_reached_in_its_arm() -> None:
    asked = frozenset({"lewisham-child-protection-team"})
    found = POLICIES["209"].post("macpt_health_lead", "macpt", asked)

    assert found is not None
    assert found[0].code == "lewisham-macpt"


def test_a_role_of_the_other_arm_is_reached_at_the_team_that_is_asked_there() -> None:
    asked = frozenset({"southwark-macpt", "southwark-fh-other"})
    found = POLICIES["210"].post("family_help_lead_practitioner", "macpt", asked)

    assert found is not None
    assert found[0].code == "southwark-fh-other"


WANTED = [
    pytest.param((), {"lewisham-macpt"}, True, id="it names no team"),
    pytest.param(("lewisham-macpt",), {"lewisham-macpt"}, True, id="its team is asked"),
    pytest.param(
        ("lewisham-macpt",),
        {"lewisham-child-protection-team", "lewisham-macpt"},
        True,
        id="its team is one of several",
    ),
    pytest.param(
        ("lewisham-macpt",), {"lewisham-child-protection-team"}, False, id="another team is asked"
    ),
    pytest.param(("lewisham-macpt",), set(), True, id="no team is known: nothing is lost"),
]


@pytest.mark.parametrize(("teams", "asked", "wants"), WANTED)
def test_a_subscription_to_teams_wants_what_is_for_them(
    teams: tuple[str, ...], asked: set[str], *, wants: bool
) -> None:
    subscription = POLICIES["209"].subscriptions[0].model_copy(update={"teams": teams})

    assert subscription.wants("macpt", Urgency.U1, frozenset(asked)) is wants
