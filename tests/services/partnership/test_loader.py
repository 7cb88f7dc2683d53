"""A policy that does not fit together is refused at start, with its file and its place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from kinbridge.partnership.loader import PolicyError, load, load_all
from kinbridge_schemas.vocabulary import Urgency

FOLDER = Path(__file__).parents[3] / "deploy" / "partnerships"
GOOD = yaml.safe_load((FOLDER / "lewisham.yaml").read_text(encoding="utf-8"))

Spoil = Callable[[dict[str, Any]], object]


def refused(tmp_path: Path, spoil: Spoil) -> str:
    data = copy.deepcopy(GOOD)
    spoil(data)
    path = tmp_path / "spoiled.yaml"
    path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    with pytest.raises(PolicyError) as refusal:
        load(path)
    assert all(line.startswith("spoiled.yaml: ") for line in str(refusal.value).splitlines())
    return str(refusal.value)


def _roles(data: dict[str, Any]) -> dict[str, Any]:
    roles: dict[str, Any] = data["teams"][0]["roles"]
    return roles


def _basis(data: dict[str, Any], code: str) -> dict[str, Any]:
    basis: dict[str, Any] = next(b for b in data["bases"] if b["code"] == code)
    return basis


def _suppression(**changes: object) -> dict[str, object]:
    return {
        "name": "quiet-weeks",
        "version": "1",
        "mode": "shadow",
        "rules": ["R1"],
        "arms": ["macpt"],
        "least_urgency": "U2",
        "reason": "Agreed while staff are trained",
        "valid_from": date(2026, 10, 1),
        "valid_to": date(2026, 11, 1),
    } | changes


SPOILED = [
    pytest.param(
        lambda d: d.pop("authority"), "authority: Field required", id="a field is missing"
    ),
    pytest.param(lambda d: d.update(extra=1), "extra: Extra inputs", id="a field nobody knows"),
    pytest.param(lambda d: d.update(authority=209), "authority: Input", id="the code unquoted"),
    pytest.param(
        lambda d: d["duty"].update(end=1020), "duty.end: Value error, write the time", id="17:00"
    ),
    pytest.param(
        lambda d: d["duty"].update(end="08:00"), "duty: start is not before end", id="duty hours"
    ),
    pytest.param(
        lambda d: d["calendar"].update(covers_to=date(2025, 12, 31)),
        "calendar.covers_to: less than a year",
        id="a calendar that ends too soon",
    ),
    pytest.param(
        lambda d: d["calendar"].update(bank_holidays=[date(2025, 1, 1)]),
        "calendar.bank_holidays: none in 2026",
        id="a year without bank holidays",
    ),
    pytest.param(
        lambda d: d["calendar"]["bank_holidays"].append(date(2026, 1, 1)),
        "calendar.bank_holidays: a day stands twice",
        id="a bank holiday twice",
    ),
    pytest.param(
        lambda d: _roles(d)["macpt_health_lead"].update(desk=None, cover=None),
        "rules.r1.recipients.0.owner: macpt_health_lead is vacant and has no cover",
        id="a vacant post without cover that a rule names",
    ),
    pytest.param(
        lambda d: _roles(d)["designated_nurse"].update(desk=None, cover=None),
        "escalation.macpt.2.role: designated_nurse is vacant and has no cover",
        id="a vacant post without cover that escalation names",
    ),
    pytest.param(
        lambda d: _roles(d)["macpt_health_lead"].update(cover="nobody_at_all"),
        "teams.lewisham-macpt.roles.macpt_health_lead.cover: nobody holds nobody_at_all",
        id="cover that nobody holds",
    ),
    pytest.param(
        lambda d: _roles(d)["lcpp"].update(cover="lcpp"),
        "teams.lewisham-macpt.roles.lcpp.cover: a role cannot cover itself",
        id="a role that covers itself",
    ),
    pytest.param(
        lambda d: d["role_titles"].pop("lcpp"),
        "teams.lewisham-macpt.roles.lcpp: no title in role_titles",
        id="a role without a title",
    ),
    pytest.param(
        lambda d: d["tiers"].pop("looked-after"),
        "tiers: looked-after has no name",
        id="a tier of support without a name",
    ),
    pytest.param(
        lambda d: d["rules"]["r7"]["recipients"][0].update(owner="the_sheriff"),
        "rules.r7.recipients.0.owner: no team has the role the_sheriff",
        id="a recipient in no team",
    ),
    pytest.param(
        lambda d: d["rules"]["r1"]["recipients"][0]["copies"].append("the_sheriff"),
        "rules.r1.recipients.0.copies: no team has the role the_sheriff",
        id="a copy to nobody",
    ),
    pytest.param(
        lambda d: d["rules"]["r23"]["contact"].update(owner="the_sheriff"),
        "rules.r23.contact.owner: no team has the role the_sheriff",
        id="a stage that asks nobody",
    ),
    pytest.param(
        lambda d: d["rules"]["r1"]["recipients"].append(d["rules"]["r1"]["recipients"][0]),
        "rules.r1: Value error, two recipients for one arm",
        id="two recipients for one team",
    ),
    pytest.param(
        lambda d: d.update(teams=[t for t in d["teams"] if t["kind"] == "contact-point"]),
        "rules.r1.recipients.0.arm: no team of macpt",
        id="an arm without a team",
    ),
    pytest.param(
        lambda d: d["teams"][0].update(default=False),
        "teams: 0 default teams of macpt, where one is needed",
        id="an arm without a default team",
    ),
    pytest.param(
        lambda d: d["teams"][1].update(default=True),
        "teams: 2 default teams of macpt, where one is needed",
        id="an arm with two default teams",
    ),
    pytest.param(
        lambda d: d["teams"][1].update(known_as=["lewisham-family-help"]),
        "teams: lewisham-family-help stands twice",
        id="a code that two teams are known by",
    ),
    pytest.param(
        lambda d: d["subscriptions"][0].update(arms=["macpt"], teams=["lewisham-contact-point"]),
        "subscriptions.0.teams: lewisham-contact-point is no team of its arms",
        id="a subscription to a team of another arm",
    ),
    pytest.param(
        lambda d: d["rules"]["r7"]["basis"].pop("looked-after"),
        "rules.r7.basis.looked-after: missing",
        id="a rule without a ground for a standing it meets",
    ),
    pytest.param(
        lambda d: d["rules"]["r7"]["basis"].update(protection="16LA"),
        "rules.r7.basis.protection: 16LA is not in force on 2025-04-01",
        id="a ground that is not in force yet",
    ),
    pytest.param(
        lambda d: _basis(d, "CP").update(valid_to=date(2025, 4, 1)),
        "rules.r3.basis.protection: CP is not in force on 2025-04-01",
        id="a ground that has ended",
    ),
    pytest.param(
        lambda d: d["rules"]["r1"]["basis"].update(unborn="S47"),
        "rules.r1.basis.unborn: S47 is a ground for born children only",
        id="an enquiry's ground for an unborn child",
    ),
    *[
        pytest.param(
            lambda d, field=field: _basis(d, "PB").update({field: ""}),
            f"bases.0.{field}: String should have at least 3",
            id=f"a ground without its {field}",
        )
        for field in (
            "purpose",
            "statutory_power",
            "gdpr_art6",
            "gdpr_art9",
            "dpa_schedule",
            "confidentiality_ground",
            "why_no_consent",
            "appropriate_policy_document",
        )
    ],
    pytest.param(
        lambda d: d["urgencies"].pop("U3"),
        "urgencies: U3 is missing",
        id="an urgency without terms",
    ),
    pytest.param(
        lambda d: d["clocks"]["settle_minutes"]["macpt"].pop("U1"),
        "clocks.settle_minutes.macpt: U1 is missing",
        id="an urgency without a settle time",
    ),
    pytest.param(
        lambda d: d["clocks"]["reminder_minutes"].pop("U2"),
        "clocks.reminder_minutes: U2 is missing",
        id="an urgency without a reminder",
    ),
    pytest.param(
        lambda d: d["clocks"]["ack_expiry_hours"].pop("U2"),
        "clocks.ack_expiry_hours: U2 is missing",
        id="an acknowledgement that never expires",
    ),
    pytest.param(
        lambda d: d["snooze"]["longest_hours"].pop("U4"),
        "snooze.longest_hours: U4 is missing",
        id="a snooze without a limit",
    ),
    pytest.param(
        lambda d: d["escalation"].pop("macpt"), "escalation.macpt: no steps", id="no escalation"
    ),
    pytest.param(
        lambda d: d["escalation"]["macpt"].reverse(),
        "escalation.macpt: after_minutes must rise",
        id="escalation backwards",
    ),
    pytest.param(
        lambda d: d["rules"]["r2"].update(weeks=[36, 28]),
        "rules.r2: Value error, weeks must rise",
        id="weeks out of order",
    ),
    pytest.param(
        lambda d: d["rules"]["r13"].update(enabled=False),
        "rules.r13.enabled: Input should be True",
        id="corrections cannot be turned off",
    ),
    pytest.param(
        lambda d: d["suppressions"].append(_suppression(rules=["R1", "R3"])),
        "suppressions.0.rules: R3 is never suppressed",
        id="a birth suppressed",
    ),
    pytest.param(
        lambda d: d["suppressions"].append(_suppression(rules=["R7"], least_urgency="U1")),
        "suppressions.0: urgent R7 is never suppressed",
        id="an urgent arrival suppressed",
    ),
    pytest.param(
        lambda d: d["suppressions"].append(_suppression(valid_to=date(2026, 10, 1))),
        "suppressions.0: valid_from is not before valid_to",
        id="a suppression that never is",
    ),
    pytest.param(
        lambda d: d["suppressions"].append({**_suppression(), "valid_to": None}),
        "suppressions.0.valid_to: Input",
        id="a suppression without an end",
    ),
    pytest.param(
        lambda d: d["subscriptions"].append(d["subscriptions"][0]),
        "subscriptions: a name stands twice",
        id="two subscriptions of one name",
    ),
    pytest.param(
        lambda d: d["subscriptions"][0].update(url_setting="https://example.org/hook"),
        "subscriptions.0.url_setting: String should match",
        id="an address in the file",
    ),
]


@pytest.mark.parametrize(("spoil", "problem"), SPOILED)
def test_a_spoiled_policy_is_refused_with_its_place(
    tmp_path: Path, spoil: Spoil, problem: str
) -> None:
    assert problem in refused(tmp_path, spoil)


def test_every_problem_is_said_at_once(tmp_path: Path) -> None:
    def spoil(data: dict[str, Any]) -> None:
        data["urgencies"].pop("U3")
        data["escalation"].pop("macpt")

    said = refused(tmp_path, spoil)

    assert "urgencies: U3" in said
    assert "escalation.macpt" in said


def test_broken_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("name: [", encoding="utf-8")

    with pytest.raises(PolicyError, match=r"broken\.yaml"):
        load(path)


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "twice.yaml"
    path.write_text("name: a\nname: b\n", encoding="utf-8")

    with pytest.raises(PolicyError, match="name stands twice"):
        load(path)


def test_two_files_for_one_authority_are_refused(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text((FOLDER / "lewisham.yaml").read_text(encoding="utf-8"))

    with pytest.raises(PolicyError, match=r"two.yaml: authority: 209 has a file already"):
        load_all(tmp_path)


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no partnership file"):
        load_all(tmp_path)


def test_the_two_worked_examples_load() -> None:
    policies = load_all(FOLDER)

    assert {p.name for p in policies.values()} == {"southwark", "lewisham"}
    assert set(policies) == {"210", "209"}


def test_what_is_enacted_but_not_in_force_is_never_given_as_a_ground() -> None:
    policy = load_all(FOLDER)["209"]

    assert any(basis.code == "16LA" for basis in policy.bases)
    assert policy.basis("16LA", date(2030, 1, 1)) is None


def test_a_ground_is_given_only_while_it_is_in_force() -> None:
    policy = load_all(FOLDER)["209"]

    assert policy.basis("CP", date(2025, 3, 31)) is None
    ground = policy.basis("CP", date(2025, 4, 1))
    assert ground is not None
    assert ground.policy_version == policy.policy_version


def test_a_vacant_post_is_covered() -> None:
    policy = load_all(FOLDER)["210"]

    assert not policy.holds("family_help_health_practitioner", "family-help")
    assert policy.cover("family_help_health_practitioner", "family-help") == "mash_health"


def test_a_role_of_another_arm_is_found() -> None:
    policy = load_all(FOLDER)["209"]
    found = policy.post("safeguarding_nurse_0_19", "family-help")

    assert found is not None
    assert found[0].arm == "macpt"


@pytest.mark.parametrize(
    ("urgency", "on", "taken"),
    [
        pytest.param(Urgency.U2, date(2026, 10, 1), True, id="as urgent, on its first day"),
        pytest.param(Urgency.U3, date(2026, 10, 31), True, id="less urgent, on its last day"),
        pytest.param(Urgency.U1, date(2026, 10, 15), False, id="more urgent"),
        pytest.param(Urgency.U2, date(2026, 11, 1), False, id="after its end"),
        pytest.param(Urgency.U2, date(2026, 9, 30), False, id="before its start"),
    ],
)
def test_a_suppression_takes_what_it_names(urgency: Urgency, on: date, *, taken: bool) -> None:
    data = copy.deepcopy(GOOD)
    data["suppressions"].append(_suppression())
    held = type(load_all(FOLDER)["209"]).model_validate(data).suppressions[0]

    assert held.takes("R1", "macpt", urgency, on) is taken
    assert not held.takes("R2", "macpt", urgency, on)
    assert not held.takes("R1", "family-help", urgency, on)


def test_a_subscription_wants_its_urgency_and_more() -> None:
    subscription = (
        load_all(FOLDER)["209"].subscriptions[0].model_copy(update={"least_urgency": Urgency.U2})
    )

    nobody = frozenset[str]()
    assert subscription.wants("macpt", Urgency.U1, nobody)
    assert subscription.wants("macpt", Urgency.U2, nobody)
    assert not subscription.wants("macpt", Urgency.U3, nobody)
