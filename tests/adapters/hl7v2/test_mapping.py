"""HL7 v2 beside FHIR, in any order, and with everything in it that is not to be read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinbridge.intake.mllp.decide import Accepted, Entrance, decide
from kinbridge.intake.mllp.frames import Frame
from kinbridge.mapping.stage import declare
from kinbridge.stage import At, Message
from kinbridge_fhir.attendance import Meaning
from kinbridge_fhir.hl7v2 import FeedCodes
from kinbridge_fhir.hl7v2.codes import ORDER, TRIGGERS, Reading
from kinbridge_schemas.dispositions import Disposition
from kinbridge_schemas.events.care import AppointmentRecorded, ChildNotBrought, EdAttended
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.received import Received
from kinbridge_schemas.vocabulary import AppointmentStatus, Service
from tests.adapters.hl7v2.messages import (
    PID_CHILD,
    PID_MOTHER,
    PV1_ANTENATAL,
    PV1_EMERGENCY,
    arrival,
    evn,
    message,
    msh,
)
from tests.adapters.hl7v2.playing import MESSAGES, events, in_short, latest, mapped, told
from tests.adapters.mapping import NOW, PSEUDONYMS
from tests.services.intake.mllp.talk import a_feed


@pytest.mark.parametrize(
    ("hl7v2", "fhir"),
    [
        ("emergency-arrival", "emergency-arrival"),
        ("admitted-as-an-emergency", "admitted-as-an-emergency"),
        ("admitted-planned", "admitted-planned"),
        ("admitted-in-labour", "admitted-in-labour"),
        ("pre-admission", "encounter-planned"),
        ("booked", "antenatal-booked"),
        ("antenatal-arrival", "antenatal-arrived"),
        ("antenatal-missed", "antenatal-missed"),
        ("cancelled-by-nobody-named", "antenatal-cancelled-by-nobody-named"),
        ("entered-in-error", "antenatal-withdrawn"),
        ("child-not-brought", "child-not-brought"),
        ("adult-did-not-attend", "adult-did-not-attend"),
        ("status-unknown", "appointment-status-unknown"),
        ("only-pending", "appointment-only-proposed"),
    ],
)
def test_the_same_fact_by_fhir_is_the_same_kind_of_event(hl7v2: str, fhir: str) -> None:
    assert told("hl7v2", hl7v2) == told("fhir-message", fhir)


def test_a_discharge_is_told_with_its_admission_by_both() -> None:
    by_hl7v2, by_fhir = (
        [event["kind"] for event in told(route, "discharged")]
        for route in ("hl7v2", "fhir-message")
    )

    assert by_hl7v2 == by_fhir == ["admitted", "discharged"]


def siu(event: str, sent: str, *, status: str = "", start: str = "202603090930") -> bytes:
    sch = "SCH|A7001^BOOKINGS" + "|" * 10 + f"^^^{start}" + "|" * 14 + status
    header = msh(f"SIU^{event}", f"{event}-{sent}", sent=sent)
    return message(header, sch, PID_CHILD, "PV1|1|O||||||||290")


def antenatal(event: str, *, reason: str = "", status: str = "") -> bytes:
    sch = f"SCH|A7001^BOOKINGS|||||{reason}|||||^^^202603090930" + "|" * 14 + status
    header = msh(f"SIU^{event}", sent="202603091800")
    return message(header, sch, PID_MOTHER, PV1_ANTENATAL)


DICTIONARY: Final = FeedCodes(dictionary_outcomes=True)
OWN: Final = FeedCodes(
    attendance={
        "1": Meaning.BOOKED,
        "3": Meaning.ATTENDED,
        "5": Meaning.MISSED,
        "RSN1": Meaning.BY_PATIENT,
        "Z02": Meaning.ATTENDED,
    }
)


@pytest.mark.parametrize(
    ("content", "codes", "fhir"),
    [
        (antenatal("S15", reason="2"), DICTIONARY, "antenatal-cancelled-by-patient"),
        (antenatal("S15", reason="4"), DICTIONARY, "antenatal-cancelled-by-provider"),
        (antenatal("S14", status="5"), DICTIONARY, "antenatal-attended"),
        (antenatal("S26", status="3"), DICTIONARY, "antenatal-missed"),
        (antenatal("S15", reason="RSN1^text"), OWN, "antenatal-cancelled-by-patient"),
        (antenatal("S14", status="3"), OWN, "antenatal-attended"),
        (antenatal("S26", status="5"), OWN, "antenatal-missed"),
        (antenatal("Z02", status="3"), OWN, "antenatal-attended"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_feeds_codes_tell_what_fhir_tells(content: bytes, codes: FeedCodes, fhir: str) -> None:
    found = mapped(content, codes).model_dump(mode="json", exclude_none=True)

    assert in_short(found) == told("fhir-message", fhir)


@pytest.mark.parametrize("code", ["0", "2", "3", "4", "5", "6", "7"])
def test_a_number_is_no_outcome_until_the_feed_says_what_it_means(code: str) -> None:
    found = mapped(antenatal("S14", status=code))

    assert [end.reason for end in found.ends] == ["attendance-code-unknown"]


def test_who_came_too_late_to_be_seen_did_not_miss_it() -> None:
    (event,) = mapped(siu("S14", "202603091800", status="7"), DICTIONARY).events

    assert isinstance(event.detail, AppointmentRecorded)
    assert event.detail.status is AppointmentStatus.CAME_TOO_LATE


def test_an_event_of_the_trusts_own_is_unknown_until_the_feed_lists_it() -> None:
    (end,) = mapped(antenatal("Z02")).ends

    assert end.reason == "event-unknown"


def adt(event: str, recorded: str, *, left: str = "") -> bytes:
    visit = PV1_EMERGENCY.replace("|E|", "|I|", 1) + f"|{left}"
    header = msh(f"ADT^{event}", f"{event}-{recorded}", sent=recorded)
    return message(header, evn(recorded), PID_CHILD, visit)


MISSED: Final = (
    siu("S12", "202602010900"),
    siu("S13", "202602100900", start="202603160930"),
    siu("S14", "202603010900", status="Booked", start="202603160930"),
    siu("S26", "202603161800", start="202603160930"),
)
RESCUED: Final = (*MISSED[:3], siu("S15", "202603011000"), siu("S12", "202603021000"))
STAY: Final = (
    adt("A01", "202603021000"),
    adt("A03", "202603030900", left="202603030900"),
    adt("A13", "202603030900"),
    adt("A03", "202603031200", left="202603031200"),
)


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_an_appointment_that_was_missed_is_missed_in_whatever_order_it_is_told(
    order: tuple[int, ...],
) -> None:
    found = latest(events(*(MISSED[n] for n in order)))

    assert isinstance(found["child_not_brought"].detail, ChildNotBrought)
    assert len(found) == 1


@pytest.mark.parametrize("order", list(permutations(range(5)))[::7], ids=str)
def test_one_that_was_cancelled_and_booked_again_is_booked(order: tuple[int, ...]) -> None:
    found = latest(events(*(RESCUED[n] for n in order)))["appointment_recorded"].detail

    assert isinstance(found, AppointmentRecorded)
    assert found.status is AppointmentStatus.BOOKED


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_a_discharge_taken_back_in_its_own_minute_and_told_again_stands(
    order: tuple[int, ...],
) -> None:
    found = latest(events(*(STAY[n] for n in order)))
    taken_back = latest(events(*(STAY[n] for n in order if n < 3)))

    assert (found["discharged"].act, found["admitted"].act) == ("assert", "assert")
    assert (taken_back["discharged"].act, taken_back["admitted"].act) == ("retract", "assert")


def test_of_one_minute_what_can_only_follow_is_the_later_for_every_event_that_tells_a_fact() -> (
    None
):
    told = {code for (_, code), reading in TRIGGERS.items() if reading is not Reading.NOT_USED}

    assert told - {"A40"} == set(ORDER)


def test_a_message_sent_anew_under_another_number_tells_nothing_new() -> None:
    first, again = events(arrival("M1"), arrival("M2"))

    assert first == again


def test_a_trusts_own_codes_are_looked_at_first() -> None:
    codes = FeedCodes(
        services={"290": Service.CAMHS},
        attendance={"WNB": Meaning.NOT_BROUGHT},
        patient_classes={"ED": "emergency"},
    )
    outcome = siu("S14", "202603161800", status="wnb")
    came = message(msh(), evn(), PID_CHILD, PV1_EMERGENCY.replace("|E|", "|ED|", 1))

    (unknown,) = mapped(outcome).ends
    (event,) = mapped(outcome, codes).events
    (attended,) = mapped(came, codes).events

    assert unknown.reason == "attendance-code-unknown"
    assert isinstance(event.detail, ChildNotBrought)
    assert (event.detail.service, event.detail.raw_status) == (Service.CAMHS, "S14/wnb")
    assert isinstance(attended.detail, EdAttended)
    assert mapped(came).ends[0].reason == "patient-class-unknown"


@pytest.mark.parametrize(
    ("start", "at"),
    [
        pytest.param("202607010930", "2026-07-01T08:30:00+00:00", id="summer time"),
        pytest.param("202601010930", "2026-01-01T09:30:00+00:00", id="winter time"),
        pytest.param("202607010930+0000", "2026-07-01T09:30:00+00:00", id="an offset"),
        pytest.param("202610250130", "2026-10-25T00:30:00+00:00", id="the hour that comes twice"),
    ],
)
def test_a_time_without_an_offset_is_londons(start: str, at: str) -> None:
    (event,) = events(siu("S12", "202602010900", start=start))

    assert event.occurred.at.isoformat() == at


def test_the_same_control_id_with_other_bytes_waits_for_a_person() -> None:
    stage = declare(pseudonymiser=PSEUDONYMS)
    state, found = stage.fresh(), []
    contents = (arrival("M1"), arrival("M1"), arrival("M1", sent="20260302111500"))
    for content in contents:
        accepted = decide(Frame(content), Entrance(a_feed(), PSEUDONYMS, NOW))
        assert isinstance(accepted, Accepted)
        decision = stage.decide(state, _as_read(accepted), At(now=NOW, clock=NOW))
        state = decision.state
        found += [
            f"{body.end}: {body.reason}" if isinstance(body, Disposition) else type(body).__name__
            for body in (output.body for output in decision.outputs)
        ]

    assert found == [
        "ChildEvent",
        "duplicate: same-content",
        "parked-conflict: same-version-other-content",
    ]


def _as_read(accepted: Accepted) -> Message:
    entry = accepted.entry
    body = Received(
        id=entry.envelope.id,
        content=entry.value,
        content_type=entry.envelope.content_type,
        source="example-trust",
        route="hl7v2",
    )
    return Message(entry.topic, entry.key, entry.envelope, body)


TYPED: Final = "Nobody may read this"
_NOTES: Final = "".join(
    f"{name}|1|{TYPED}|{TYPED}^{TYPED}|{TYPED}\r"
    for name in ("NTE", "OBX", "DG1", "AL1", "PR1", "GT1", "ROL", "ZZ9")
)


def _with_what_somebody_typed(content: bytes) -> Iterator[str]:
    """Put a sentence wherever somebody may have typed: texts of codes, and whole segments."""
    for line in content.decode().replace("\n", "\r").strip("\r").split("\r"):
        fields = line.split("|")
        texts = {"SCH": (6, 7, 8, 25), "PV2": (3,), "AIS": (3,), "PV1": (7, 8, 9, 10)}
        for n in texts.get(fields[0], ()):
            while len(fields) <= n:
                fields.append("")
            fields[n] = f"{fields[n].split('^')[0]}^{TYPED}^^{TYPED}^{TYPED}"
        yield "|".join(fields) + "\r"
    yield _NOTES


@pytest.mark.parametrize("case", MESSAGES)
def test_what_somebody_typed_goes_nowhere(case: str) -> None:
    content = "".join(_with_what_somebody_typed(MESSAGES[case].read_bytes())).encode()

    assert TYPED in content.decode()
    assert TYPED not in mapped(content).model_dump_json()


_SEEDS: Final = tuple(path.read_bytes() for path in MESSAGES.values())


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_message_with_its_parts_changed_is_mapped_or_unreadable(data: st.DataObject) -> None:
    seed = data.draw(st.sampled_from(_SEEDS))
    segments = [line.split("|") for line in seed.decode().replace("\n", "\r").split("\r") if line]
    for _ in range(data.draw(st.integers(1, 4))):
        segment = data.draw(st.sampled_from(segments))
        place = data.draw(st.integers(1, len(segment) - 1))
        segment[place] = data.draw(
            st.sampled_from(
                ["", '""', "^^^", "~~", "20261301", "9" * 40, "9000000009^^^NHS", "\\"]
            )
            | st.text(max_size=20)
        )
    if data.draw(st.booleans()):
        segments.append(data.draw(st.sampled_from(segments)))
    content = "\r".join("|".join(segment) for segment in segments).encode()

    try:
        found = mapped(content)
    except UnreadableError:
        return
    assert found.events or found.ends


@pytest.mark.parametrize(
    ("written", "known"),
    [
        pytest.param("9000000009^^^NHS^NH", True, id="as the ITK writes it"),
        pytest.param("L1^^^RJ1^MR~900 000 0009^^^NHS", True, id="with spaces, after a local one"),
        pytest.param("9000000009^^^NHSNBR^NHSNMBR", True, id="Millennium"),
        pytest.param("9000000009^^^^NHSNMBR", True, id="by its type alone"),
        pytest.param("9000000009^^^&2.16.840.1.113883.2.1.4.1&ISO", True, id="by its OID"),
        pytest.param("9000000009^^^NHS^NH~9000000009^^^NHS", True, id="twice the same"),
        pytest.param("9000000009^^^RJ1^MR", False, id="a hospital's that looks like one"),
        pytest.param("9000000009", False, id="of nobody named"),
        pytest.param('""^^^NHS^NH', False, id="deleted"),
        pytest.param("9000000000^^^NHS^NH", False, id="a wrong check digit"),
        pytest.param("9000000009^^^NHS~9000000017^^^NHS", False, id="two of them"),
    ],
)
def test_an_nhs_number_is_one_that_is_said_to_be_one(written: str, *, known: bool) -> None:
    person = PID_CHILD.split("|")
    person[3] = written

    found = mapped(message(msh(), evn(), "|".join(person), PV1_EMERGENCY))

    assert bool(found.events) == known
    assert [end.reason for end in found.ends] == ([] if known else ["no-usable-identifier"])


@pytest.mark.parametrize(("mark", "ods"), [("Y", None), ("N", "RJ1"), ("", "RJ1")])
def test_of_a_protected_record_nobody_reads_who_gave_the_care(mark: str, ods: str | None) -> None:
    pd1 = "PD1" + "|" * 12 + mark
    came = message(msh("ADT^A04"), evn(), PID_CHILD, pd1, PV1_EMERGENCY)
    (told,) = events(came)
    assert isinstance(told.detail, EdAttended)

    assert told.detail.provider.ods == ods
