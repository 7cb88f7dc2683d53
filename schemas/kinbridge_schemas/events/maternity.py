"""Pregnancy and birth, as health sees them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from kinbridge_schemas.base import Id, ShortText, Value
from kinbridge_schemas.vocabulary import AppointmentStatus, Provider

Weeks = Annotated[float, Field(ge=0, le=46)]


class MaternityBooked(Value):
    """A pregnancy was booked with a maternity provider."""

    kind: Literal["maternity_booked"] = "maternity_booked"
    gestation_weeks: Weeks | None = None
    edd: AwareDatetime | None = None
    provider: Provider = Provider()


class AntenatalAppointment(Value):
    """One antenatal appointment and what became of it.

    `replaces` is the appointment that this one was booked instead of; `clinic_end` when the
    clinic closes, before which a miss is not yet certain; `raw_status` the source's own code.
    """

    kind: Literal["antenatal_appointment"] = "antenatal_appointment"
    appointment_id: Id
    status: AppointmentStatus
    start: AwareDatetime
    clinic_end: AwareDatetime | None = None
    replaces: Id | None = None
    provider: Provider = Provider()
    raw_status: ShortText


class MaternityCareTransferred(Value):
    """Maternity care moved from one provider to another."""

    kind: Literal["maternity_care_transferred"] = "maternity_care_transferred"
    from_provider: Provider = Provider()
    to_provider: Provider = Provider()
    accepted: bool | None = None


class EddRevised(Value):
    """Maternity's expected date of delivery: it outranks the authority's."""

    kind: Literal["edd_revised"] = "edd_revised"
    edd: AwareDatetime
    provider: Provider = Provider()


class BirthNotified(Value):
    """A birth was notified. The mother may be absent from the notification.

    `live` is None where the notification does not say. A stillbirth is never news of a baby.
    """

    kind: Literal["birth_notified"] = "birth_notified"
    live: bool | None
    births: Annotated[int, Field(ge=1, le=9)] | None = None
    birth_order: Annotated[int, Field(ge=1, le=9)] | None = None
    gestation_weeks: Weeks | None = None
    provider: Provider = Provider()
    mother_known: bool = True


class NeonatalAdmitted(Value):
    """A newborn was admitted to a neonatal unit."""

    kind: Literal["neonatal_admitted"] = "neonatal_admitted"
    provider: Provider = Provider()


class NeonatalDischarged(Value):
    """A newborn's discharge, planned or done."""

    kind: Literal["neonatal_discharged"] = "neonatal_discharged"
    planned_for: AwareDatetime | None = None
    done: bool = True
    provider: Provider = Provider()


class MaternalDischarged(Value):
    """The mother's discharge after birth, planned or done."""

    kind: Literal["maternal_discharged"] = "maternal_discharged"
    planned_for: AwareDatetime | None = None
    done: bool = True
    provider: Provider = Provider()
