"""Appointment: each status and reason of FHIR's, and what they say of a child and a mother."""

from __future__ import annotations

from typing import Any, Final

import pytest
from pydantic import ValidationError

from kinbridge.mapping.routes import routes_of
from kinbridge.sources.model import Sources
from kinbridge_fhir.feed import LocalCodes
from kinbridge_schemas.events.care import AppointmentRecorded, ChildNotBrought
from kinbridge_schemas.events.maternity import AntenatalAppointment
from kinbridge_schemas.mapped import Given, Mapped, Remembered
from kinbridge_schemas.received import Received
from kinbridge_schemas.vocabulary import AppointmentStatus, Responsible
from tests.adapters.fhir.care import THE_CHILD, THE_MOTHER, mapped, reasons, sent
from tests.adapters.fhir.messages import (
    CANCELLATION,
    MOTHER,
    TREATMENT,
    Resource,
    appointment,
    as_json,
    concept,
    message,
    organisation,
    patient,
)
from tests.adapters.mapping import NOW, PSEUDONYMS

INSTEAD = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Appointment.replaces"
THERE = {"reference": "Organization/there"}
OF_A_CHILD = concept(TREATMENT, "290")

Detail = AntenatalAppointment | AppointmentRecorded | ChildNotBrought


def became(made: Resource) -> tuple[str, str]:
    """What kind of event an appointment is, and what became of it."""
    (event,) = mapped(sent(made)).events
    assert isinstance(event.detail, Detail)
    if isinstance(event.detail, ChildNotBrought):
        return "child_not_brought", event.detail.responsible.value
    return event.detail.kind, event.detail.status.value


def childs(**changes: Any) -> Resource:
    return appointment("c1", "child", serviceType=[OF_A_CHILD], **changes)


@pytest.mark.parametrize(
    ("status", "mother", "child"),
    [
        ("booked", "booked", ("appointment_recorded", "booked")),
        ("arrived", "attended", ("appointment_recorded", "attended")),
        ("checked-in", "attended", ("appointment_recorded", "attended")),
        ("fulfilled", "attended", ("appointment_recorded", "attended")),
        ("noshow", "did-not-attend", ("child_not_brought", "carer")),
        ("cancelled", "unknown", ("appointment_recorded", "unknown")),
    ],
)
def test_each_status_of_a_mothers_and_of_a_childs_appointment(
    status: str, mother: str, child: tuple[str, str]
) -> None:
    assert became(appointment(status=status)) == ("antenatal_appointment", mother)
    assert became(childs(status=status)) == child


@pytest.mark.parametrize("status", ["proposed", "pending", "waitlist"])
def test_what_nobody_has_agreed_to_is_no_appointment(status: str) -> None:
    assert reasons(sent(appointment(status=status))) == ["appointment-not-agreed"]


def test_entered_in_error_takes_back_what_was_told() -> None:
    (right,) = mapped(sent(appointment())).events
    (wrong,) = mapped(sent(appointment(status="entered-in-error", start=None))).events

    assert (right.act, wrong.act, wrong.fact) == ("assert", "retract", right.fact)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        pytest.param("pat", "cancelled-by-patient", id="by the patient"),
        pytest.param("pat-lt", "cancelled-by-patient", id="by the patient, for want of a bus"),
        pytest.param("prov", "cancelled-by-provider", id="by the provider"),
        pytest.param("prov-pers", "cancelled-by-provider", id="by the provider, who was away"),
        pytest.param("oth-weath", "unknown", id="by the weather"),
    ],
)
def test_who_cancelled_is_said_by_the_reason(reason: str, status: str) -> None:
    made = appointment(status="cancelled", cancelationReason=concept(CANCELLATION, reason))

    assert became(made) == ("antenatal_appointment", status)
    (event,) = mapped(sent(made)).events
    assert isinstance(event.detail, AntenatalAppointment)
    assert event.detail.raw_status == f"cancelled/{reason}"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"status": "missed"}, id="a status in no table"),
        pytest.param({"status": None}, id="no status"),
        pytest.param(
            {"status": "cancelled", "cancelationReason": concept(CANCELLATION, "fog")},
            id="a reason in no table",
        ),
        pytest.param(
            {
                "status": "cancelled",
                "cancelationReason": {
                    "coding": [
                        {"system": CANCELLATION, "code": "pat"},
                        {"system": CANCELLATION, "code": "prov"},
                    ]
                },
            },
            id="reasons that contradict each other",
        ),
    ],
)
def test_what_no_table_says_is_parked_for_a_person_and_never_guessed(
    changes: dict[str, Any],
) -> None:
    assert reasons(sent(appointment(**changes))) == ["attendance-code-unknown"]


def two(instead_at: dict[str, Any]) -> Resource:
    """An appointment that is off, and the one that was booked instead of it."""
    here = {"actor": {"reference": "Organization/trust"}, "status": "accepted"}
    who = {"actor": {"reference": "Patient/mother"}, "status": "accepted"}
    off = appointment("a1", status="cancelled", participant=[who, here])
    new = appointment("a2", start="2026-03-16T09:30:00+00:00")
    new["extension"] = [
        {"url": INSTEAD, "valueReference": {"reference": "Appointment/a1"}},
    ]
    new["participant"] = [who, {"actor": instead_at, "status": "accepted"}]
    there = organisation("there", "RX998", "Another Trust")
    return message(off, new, THE_MOTHER, organisation(), there, event="S13")


def test_moved_to_another_time_is_rebooked_and_to_another_provider_transferred() -> None:
    def first(bundle: Resource) -> AppointmentStatus:
        detail = mapped(bundle).events[0].detail
        assert isinstance(detail, AntenatalAppointment)
        return detail.status

    assert first(two({"reference": "Organization/trust"})) is AppointmentStatus.RESCHEDULED
    assert first(two(THERE)) is AppointmentStatus.TRANSFERRED


def test_the_one_booked_instead_names_the_one_that_is_off() -> None:
    off, new = mapped(two(THERE)).events

    assert isinstance(off.detail, AntenatalAppointment)
    assert isinstance(new.detail, AntenatalAppointment)
    assert new.detail.replaces == off.detail.appointment_id


def test_a_mother_of_fifteen_did_not_attend_and_was_not_not_brought() -> None:
    young = patient("mother", MOTHER, "2011-01-04")
    antenatal, clinic = (
        mapped(message(made, young, event="S26")).events[0].detail
        for made in (
            appointment(status="noshow"),
            appointment(status="noshow", serviceType=[OF_A_CHILD]),
        )
    )

    assert isinstance(antenatal, AntenatalAppointment)
    assert antenatal.status is AppointmentStatus.DID_NOT_ATTEND
    assert isinstance(clinic, ChildNotBrought)
    assert clinic.responsible is Responsible.CARER


def test_a_service_may_be_said_by_its_category_alone() -> None:
    made = appointment(serviceType=None, serviceCategory=[concept(TREATMENT, "560")])

    assert became(made) == ("antenatal_appointment", "booked")


def test_a_patient_by_number_alone_is_enough_and_their_age_is_not_known() -> None:
    number = {"identifier": THE_CHILD["identifier"][0]}
    made = childs(status="noshow", participant=[{"actor": number, "status": "accepted"}])

    (event,) = mapped(sent(made)).events
    assert isinstance(event.detail, AppointmentRecorded)
    assert (event.detail.status, event.detail.responsible) == (
        AppointmentStatus.DID_NOT_ATTEND,
        Responsible.UNKNOWN,
    )


OWN: Final = LocalCodes.model_validate(
    {
        "services": {"anc-2": "maternity"},
        "attendance": {"wnb": "not-brought", "TRF": "transferred", "DNA-C": "missed"},
    }
)


def by_its_own_codes(made: Resource, codes: LocalCodes = OWN) -> Mapped:
    """Map an appointment by a trust's own codes, as the file of sources gives them."""
    adapter = routes_of(Sources(codes={"example-trust": codes}))["fhir-message"]
    received = Received(
        id="received-0123456789abcdef",
        content=as_json(sent(made)),
        content_type="application/fhir+json",
        source="example-trust",
        route="fhir-message",
    )
    return adapter(received, Given(PSEUDONYMS, NOW, Remembered()))


def locally(code: str) -> dict[str, Any]:
    return {"coding": [{"system": "https://example.org/reasons", "code": code}]}


@pytest.mark.parametrize(
    ("status", "code", "became"),
    [
        pytest.param("cancelled", "TRF", "transferred", id="transferred"),
        pytest.param("cancelled", "dna-c", "did-not-attend", id="off, for nobody came"),
        pytest.param("noshow", "wnb", "did-not-attend", id="of a mother nobody was not brought"),
        pytest.param("booked", "TRF", "booked", id="a reason counts only where it is off"),
    ],
)
def test_a_trust_says_what_its_own_codes_mean(status: str, code: str, became: str) -> None:
    mapped = by_its_own_codes(appointment(status=status, cancelationReason=locally(code)))

    detail = mapped.events[0].detail
    assert isinstance(detail, AntenatalAppointment)
    assert detail.status.value == became
    assert detail.raw_status == f"{status}/{code}"


def test_a_code_that_the_trust_did_not_list_is_parked_still() -> None:
    made = appointment(status="cancelled", cancelationReason=locally("TRX"))

    assert [end.reason for end in by_its_own_codes(made).ends] == ["attendance-code-unknown"]
    listed_nowhere = appointment(status="cancelled", cancelationReason=locally("TRF"))
    assert reasons(sent(listed_nowhere)) == ["attendance-code-unknown"]


def test_a_clinic_of_the_trusts_own_is_its_service() -> None:
    made = appointment(serviceType=[locally("ANC-2")])

    assert by_its_own_codes(made).events[0].detail.kind == "antenatal_appointment"
    assert became(made)[0] == "appointment_recorded"


def test_the_version_of_a_mapping_says_with_which_codes() -> None:
    plain, own = (
        routes_of(Sources(codes=codes))["fhir-message"].version
        for codes in ({}, {"example-trust": OWN})
    )

    assert plain != own
    assert own.startswith(plain)


def test_a_slip_in_the_file_is_refused() -> None:
    for wrong in ({"attendance": {"X": "perhaps"}}, {"services": {"X": "antenatal"}}):
        with pytest.raises(ValidationError):
            LocalCodes.model_validate(wrong)


def test_an_appointment_of_several_patients_is_nobodys_in_particular() -> None:
    both = [{"actor": {"reference": f"Patient/{who}"}} for who in ("mother", "child")]
    found = mapped(sent(appointment(participant=both, status="noshow")))
    twice = [{"actor": {"reference": "Patient/mother"}}] * 2

    assert (found.events, [end.reason for end in found.ends]) == ((), ["several-patients"])
    assert len(mapped(sent(appointment(participant=twice, status="noshow"))).events) == 1
