"""HL7 v2 messages of made-up people, for tests: segments with a default for every one."""

from __future__ import annotations

from typing import Final

ADA: Final = "9000000009"
ROSA: Final = "9000000017"

PID_CHILD: Final = (
    f"PID|1||{ADA}^^^NHS^NH~L55012^^^EXT^MR||Okoro^Ada^Ngozi^^Miss^^L||20150312|2"
    "|||1 Made Up Road^^London^^SE1 1AA^GBR^H"
)
PID_MOTHER: Final = f"PID|1||{ROSA}^^^NHS^NH||Okoro^Rosa^^^Ms^^L||19920704|2"
PV1_EMERGENCY: Final = (
    "PV1|1|E|ED^^^RJ121|||||||180|||||||||V1001^^^VISITID" + "|" * 25 + "20260302094500"
)
PV1_ANTENATAL: Final = "PV1|1|O||||||||560"


def msh(
    event: str = "ADT^A04",
    control: str = "M1",
    *,
    sent: str = "20260302101500",
    sender: str = "PAS|RJ1",
    processing: str = "P",
    version: str = "2.4",
    more: str = "",
) -> str:
    return (
        rf"MSH|^~\&|{sender}|KINBRIDGE|209|{sent}||{event}|{control}|{processing}|{version}{more}"
    )


def evn(recorded: str = "20260302101200") -> str:
    return f"EVN||{recorded}"


def message(*segments: str, end: str = "\r") -> bytes:
    return "".join(segment + end for segment in segments).encode()


def arrival(control: str = "M1", **header: str) -> bytes:
    """A child comes to an emergency department."""
    return message(msh("ADT^A04", control, **header), evn(), PID_CHILD, PV1_EMERGENCY)


def missed(control: str = "S1", **header: str) -> bytes:
    """A mother does not come to an antenatal appointment."""
    sch = "SCH|A7001^BOOKINGS" + "|" * 10 + "^^^202603020930"
    return message(msh("SIU^S26", control, **header), sch, PID_MOTHER, PV1_ANTENATAL)
