"""`kinbridge adapter dry-run` and `diff`: what records would change, and nobody named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from kinbridge.adapters.difference import difference
from kinbridge.adapters.outcomes import Feed, outcomes_of
from kinbridge.adapters.recorded import Record, read_records
from kinbridge.cli import main
from kinbridge_casesystem import SNAPSHOTS, CaseWebhook
from kinbridge_schemas.mapped import Given, Mapped
from kinbridge_schemas.received import Received
from tests.adapters.casesystem.loads import census, census_child, referral
from tests.adapters.mapping import NOW

ARRIVAL: Final = Path(__file__).parents[2] / "golden" / "hl7v2" / "emergency-arrival" / "in.hl7"
IDENTIFIERS: Final = ("9000000009", "C100", "Ada", "Okoro", "A-77")
COME: Final = ("--at", "2026-03-02T11:00", "--hours", "3")
FEED: Final = Feed("case-webhook", "209.liquidlogic", NOW)


def event(own: str, kind: str, **data: Any) -> dict[str, Any]:
    child = {"la_child_id": "C100", "nhs_number": "9000000009", "name": "Ada Ngozi Okoro"}
    return {
        "id": own,
        "type": kind,
        "recorded": "2026-03-01T10:15:00Z",
        "occurred": "2026-03-01T10:10:00Z",
        "authority": "209",
        "child": {**child, "born": "2015-03-12"},
        "data": data,
    }


PLAN: Final = [
    event("A-77", "referral_received", referral_id="r1"),
    event("A-78", "cp_plan_started", plan_id="p1", category="NEG"),
    event("A-79", "lead_practitioner_allocated", role="lcpp", worker="SW-1", team="cpt"),
]


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.jsonl"
    path.write_text("\n".join(json.dumps(each) for each in PLAN), encoding="utf-8")
    return path


def adapter(*arguments: str) -> Result:
    done = CliRunner().invoke(main, ["adapter", *arguments])
    assert not [name for name in IDENTIFIERS if name in done.output], "somebody is named"
    return done


def test_a_record_of_nobody_known_would_do_nothing() -> None:
    done = adapter("dry-run", "hl7v2", str(ARRIVAL), "--source", "example-trust", *COME)

    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "mapping hl7v2-1",
        "in.hl7",
        "  says ed_attended of 2026-03-02, about child",
        "rules",
        "  no difference",
        "sharing",
        "  no difference",
        "alerts",
        "  no difference",
        "ends",
        "  + not-known no-open-case",
    ]


def test_a_record_about_a_child_on_a_plan_shows_the_rule_the_ground_and_the_alert(
    plan: Path,
) -> None:
    before = ("--before", "case-webhook", "209.liquidlogic", str(plan))
    done = adapter("dry-run", "hl7v2", str(ARRIVAL), "--source", "example-trust", *COME, *before)

    assert done.exit_code == 0
    assert done.output.splitlines()[3:] == [
        "rules",
        "  + R7 active, U1, content, to macpt of 209, asks allocated_social_worker",
        "sharing",
        "  + R7 share: rule-met, CP",
        "alerts",
        "  + macpt of 209, opening 1, revision 1: first, U1, open, R7",
        "ends",
        "  + mapped-and-linked linked",
    ]


def test_what_cannot_be_read_is_said_and_is_an_exit_code(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"id": "A-77"', encoding="utf-8")

    done = adapter("dry-run", "case-webhook", str(broken), *COME)

    assert done.exit_code == 2
    assert "  dead-letter json-invalid" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("dry-run", "never-installed"),
            "No installed package brings the adapter never-installed.",
        ),
        (("dry-run", "Not A Name"), "The name of an adapter is of small letters"),
        (("diff", "case-webhook", "never-installed"), "No installed package brings"),
        (("check", "never-installed"), "No installed package brings"),
    ],
)
def test_a_slip_is_said_in_a_sentence(arguments: tuple[str, ...], said: str, plan: Path) -> None:
    file = () if arguments[0] == "check" else (str(plan),)
    done = adapter(*arguments, *file)

    assert done.exit_code == 1
    assert said in done.output


def test_one_of_ours_can_be_loaded_and_meets_what_is_no_record() -> None:
    assert adapter("check", "case-webhook").output == (
        "case-webhook: version case-webhook-1. It can be loaded and run.\n"
    )


def test_a_version_that_was_kept_is_compared_with_the_one_that_is_there(
    plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KINBRIDGE_SECRET", "of a test, and longer than it needs to be")
    kept, source = tmp_path / "kept.json", ("--source", "209.liquidlogic")
    adapter("dry-run", "case-webhook", str(plan), *source, *COME, "--keep", str(kept))
    same = adapter("diff", str(kept), "case-webhook", str(plan), *source)
    plan.write_text(plan.read_text(encoding="utf-8").replace('"NEG"', '"EMO"'), encoding="utf-8")
    other = adapter("diff", str(kept), "case-webhook", str(plan), *source)

    assert (same.exit_code, other.exit_code) == (0, 2)
    assert same.output == "3 records: 0 gained, 0 lost, 0 changed, 0 ended otherwise\n"
    assert other.output.splitlines() == [
        "~ plan.jsonl:2: says cp_plan_started of 2026-03-01, about child: detail.category",
        "3 records: 0 gained, 0 lost, 1 changed, 0 ended otherwise",
    ]
    assert not [name for name in IDENTIFIERS if name in kept.read_text(encoding="utf-8")]


def test_what_is_kept_needs_a_secret_or_its_hashes_could_be_guessed(
    plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KINBRIDGE_SECRET", raising=False)
    kept = tmp_path / "kept.json"
    done = adapter("dry-run", "case-webhook", str(plan), *COME, "--keep", str(kept))

    assert (done.exit_code, kept.exists()) == (1, False)
    assert "KINBRIDGE_SECRET needs at least 32 characters." in done.output


class Next(CaseWebhook):
    """The next version: referrals are parked, plans have no category, and one thing is new."""

    version = "case-webhook-2"

    def __call__(self, received: Received, given: Given, /) -> Mapped:
        mapped = super().__call__(received, given)
        first = mapped.events[0]
        match first.detail.kind:
            case "referral_received":
                return Mapped(version=mapped.version)
            case "cp_plan_started":
                bare = first.detail.model_copy(update={"category": None})
                return mapped.model_copy(
                    update={"events": (first.model_copy(update={"detail": bare}),)}
                )
            case _:
                another = first.model_copy(update={"fact": "fact-another", "id": "event-another"})
                return mapped.model_copy(update={"events": (first, another)})


def test_gained_lost_and_changed_are_told_by_kind_day_and_field(plan: Path) -> None:
    records = read_records(plan, "case-webhook")
    found = difference(
        outcomes_of(CaseWebhook(), FEED, records), outcomes_of(Next(), FEED, records)
    )

    assert (found.gained, found.lost, found.changed, found.ends) == (1, 1, 1, 1)
    assert found.lines == (
        "+ plan.jsonl:3: says lead_practitioner_allocated of 2026-03-01, about child",
        "- plan.jsonl:1: says referral_received of 2026-03-01, about child",
        "~ plan.jsonl:2: says cp_plan_started of 2026-03-01, about child: detail.category",
        "! plan.jsonl:1: no end here became duplicate nothing-new",
    )


def test_accounts_of_one_record_come_one_after_the_other(tmp_path: Path) -> None:
    for number, day in ((1, "2026-01-12"), (2, "2026-01-13")):
        episode = {"social_care_episode_id": "EP1", "referral_date": day}
        child = {"la_child_id": "C100", "social_care_episodes": [episode]}
        (tmp_path / f"one.{number}.json").write_text(json.dumps(child), encoding="utf-8")
    feed = Feed("dfe-csc", "209.example", NOW)
    records = read_records(tmp_path, feed.route)
    found = outcomes_of(SNAPSHOTS["dfe-csc"], feed, records)

    assert [(each.name, each.key) for each in records] == [
        ("one.1.json", "one"),
        ("one.2.json", "one"),
    ]
    assert [[told.kind for told in each.told] for each in found.outcomes] == [
        ["referral_received"],
        ["referral_received"],
    ]


def test_what_our_doors_cut_is_cut_and_names_no_child(plan: Path, tmp_path: Path) -> None:
    array = tmp_path / "events.json"
    array.write_text(json.dumps(PLAN), encoding="utf-8")
    census_file = tmp_path / "cin.xml"
    census_file.write_bytes(census(*(census_child(f"C10{n}", referral()) for n in range(3))))

    cut = read_records(array, "case-webhook")
    assert [json.loads(each.content) for each in cut] == PLAN
    assert len(read_records(plan, "case-webhook")) == len(cut)
    assert [each.name for each in read_records(census_file, "cin-census")] == [
        "cin.xml:1",
        "cin.xml:2",
        "cin.xml:3",
    ]


def test_a_first_load_of_a_return_changes_no_alert_and_a_broken_one_is_refused(
    tmp_path: Path,
) -> None:
    census_file = tmp_path / "cin.xml"
    content = census(*(census_child(f"C10{n}", referral()) for n in range(3)))
    census_file.write_bytes(content)
    whole = adapter("dry-run", "cin-census", str(census_file), "--source", "209.returns", *COME)
    census_file.write_bytes(content[: len(content) // 2])
    broken = adapter("dry-run", "cin-census", str(census_file), "--source", "209.returns", *COME)

    assert whole.exit_code == 0
    assert "says referral_received of 2025-12-01, about child" in whole.output
    assert whole.output.split("alerts\n")[1].splitlines()[0] == "  no difference"
    assert broken.exit_code == 1
    assert "It cannot be cut into records: " in broken.output


@pytest.mark.parametrize(
    ("name", "route", "kind"),
    [
        ("a.json", "case-webhook", "application/json"),
        ("a.json", "fhir-message", "application/fhir+json"),
        ("a.xml", "fhir-message", "application/fhir+xml"),
        ("a.xml", "x-ferndale", "application/xml"),
        ("a.hl7", "hl7v2", "application/hl7-v2"),
        ("a.txt", "x-ferndale", "application/octet-stream"),
    ],
)
def test_a_file_s_media_type_is_by_its_ending_or_as_it_is_said(
    name: str, route: str, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(b"x")

    assert read_records(path, route) == (Record(name, "a", b"x", kind),)
    assert read_records(path, route, "text/plain")[0].content_type == "text/plain"
