"""The answer to a message: ACK with MSA, and ERR where it was refused. No value of the message.

Source: HL7 v2.4 and 2.5.1, chapter 2: original mode (AA, AE, AR), enhanced mode (CA, CE, CR), and
table 0357 for the codes of errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from kinbridge_fhir.hl7v2.er7 import Delimiters
from kinbridge_fhir.hl7v2.header import Header, well_formed
from kinbridge_schemas.times import LONDON

_USUAL: Final = Delimiters("|", "^", "~", "\\", "&")
_OWN_NAME: Final = "KINBRIDGE"
_VERSION: Final = re.compile(r"2\.[1-9](?:\.[1-9])?")
_TRIGGER: Final = re.compile(r"[A-Z][0-9]{2}")
_PLACE: Final = re.compile(r"([A-Z][A-Z0-9]{2})(?:-(\d{1,2}))?")
_MODERN: Final = "2.5"


class Verdict(Enum):
    """What became of a message: its code in original and in enhanced mode."""

    STORED = ("AA", "CA")
    LATER = ("AE", "CE")
    REFUSED = ("AR", "CR")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a message was not stored. `code` is of table 0357; `reason` is a code of ours."""

    code: str
    text: str
    reason: str
    path: str = ""


def code_for(header: Header | None, verdict: Verdict) -> str | None:
    """Give the code of MSA-1 that the sender asks for; None where it asks for no answer.

    In original mode it always does. In enhanced mode MSH-15 asks for the commit. Where only
    MSH-16 asks, the same is said in the words of the application: to have it safe is all that
    there is to answer, for what becomes of it is no business of the sender's.
    """
    application, commit = verdict.value
    if header is None or not header.enhanced:
        return application
    if _wants(header.accept, verdict):
        return commit
    return application if _wants(header.answer, verdict) else None


def _wants(wish: str, verdict: Verdict) -> bool:
    good = verdict is Verdict.STORED
    # HL7 table 0155. A word that is not in it is no reason to leave a sender waiting.
    return {"": False, "NE": False, "SU": good, "ER": not good}.get(wish, True)


def acknowledge(
    header: Header | None,
    code: str,
    *,
    now: datetime,
    own_id: str,
    known_sender: bool,
    fault: Fault | None = None,
) -> bytes:
    """Write an acknowledgement. `code` is `code_for`'s; `own_id` its own control id, up to 20.

    The sender's name is said back only where it is one that we know.
    """
    marks = header.delimiters if header is not None else _USUAL
    segments = [_msh(header, marks, now, own_id, known_sender=known_sender)]
    control = header.control_id if header is not None else ""
    said_back = control if well_formed(control, marks) else ""
    segments.append(["MSA", code, said_back, *([fault.reason] if fault else [])])
    if fault is not None:
        segments.append(_err(fault, marks, _version(header)))
    lines = (marks.field.join(fields) + "\r" for fields in segments)
    return "".join(lines).encode("ascii")


def _msh(
    header: Header | None, marks: Delimiters, now: datetime, own_id: str, *, known_sender: bool
) -> list[str]:
    application, facility = "", ""
    if header is not None and known_sender:
        application, facility = _name(header.application, marks), _name(header.facility, marks)
    trigger = header.trigger if header is not None else ""
    answers = [trigger, "ACK"] if _TRIGGER.fullmatch(trigger) else []
    processing = header.processing if header is not None else ""
    return [
        "MSH",
        marks.component + marks.repetition + marks.escape + marks.subcomponent,
        *(_OWN_NAME, "", application, facility),
        now.astimezone(LONDON).strftime("%Y%m%d%H%M%S%z"),
        "",
        marks.component.join(["ACK", *answers]),
        own_id,
        processing if processing in ("P", "T", "D") else "P",
        _version(header),
    ]


def _name(text: str, marks: Delimiters) -> str:
    plain = text.isascii() and text.isprintable() and not set(text) & set(marks.all)
    return text if plain else ""


def _version(header: Header | None) -> str:
    said = header.version if header is not None else ""
    return said if _VERSION.fullmatch(said) else "2.4"


def _err(fault: Fault, marks: Delimiters, version: str) -> list[str]:
    place = _PLACE.fullmatch(fault.path)
    segment, field = (place[1], place[2] or "") if place is not None else ("", "")
    if version >= _MODERN:
        where = marks.component.join([segment, "1", field]) if segment else ""
        error = marks.component.join([fault.code, fault.text, "HL70357"])
        return ["ERR", "", where, error, "E", "", "", "", fault.reason]
    error = marks.subcomponent.join([fault.code, fault.text, "HL70357"])
    return ["ERR", marks.component.join([segment, "1" if segment else "", field, error])]
