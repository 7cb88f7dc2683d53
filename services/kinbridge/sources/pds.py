"""The Personal Demographics Service, which is asked about people on the record of an open case.

Source: NHS England, Personal Demographics Service FHIR API, application-restricted access. One
application has five requests a second unless more was agreed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from kinbridge.sources.care import Auth, NoAuth
from kinbridge.sources.terms import SettingName
from kinbridge_schemas.base import Value
from kinbridge_schemas.vocabulary import OdsCode


class Pds(Value):
    """Where PDS is, who asks, and how often.

    `address_setting` holds the base address, as `https://…/personal-demographics/FHIR/R4`;
    `auth` is a signed JWT, or nothing for NHS England's sandbox. `organisation` is the ODS code
    sent as the end user's organisation, where the agreement with NHS England asks for one.
    `related` asks for a child's related persons too, when its case opens. PDS that gives no
    answer is asked again `within`; then that is said. Nothing asks again after it, so it is longer
    than a weekend without a valid key.
    """

    address_setting: SettingName
    auth: Auth = NoAuth()
    organisation: OdsCode | None = None
    per_second: Annotated[int, Field(ge=1, le=100)] = 5
    burst: Annotated[int, Field(ge=1, le=100)] = 5
    related: bool = False
    within: Annotated[timedelta, Field(ge=timedelta(minutes=1), le=timedelta(days=7))] = timedelta(
        days=3
    )
