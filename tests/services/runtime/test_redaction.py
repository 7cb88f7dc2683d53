"""Whatever looks as if it were about a person does not reach a log line."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.runtime.redaction import STARS, redact, redact_fields, redact_text

PSEUDONYM = "child-abcdefghijklmnopqrstuvwxyz234567"
DERIVED_ID = "alert-00123456789012345678901234567890"


def check_digit(nine: str) -> str:
    total = sum(int(digit) * (10 - place) for place, digit in enumerate(nine))
    return str((11 - total % 11) % 11)


def nhs_numbers() -> st.SearchStrategy[str]:
    """NHS numbers of the test ranges, that pass modulus 11."""
    nines = st.builds(
        lambda start, rest: f"{start}{rest:06}",
        st.sampled_from(["900", "999"]),
        st.integers(0, 999_999),
    )
    return nines.map(lambda nine: nine + check_digit(nine)).filter(
        lambda number: len(number) == 10
    )


def written(number: str, gap: str) -> str:
    return f"{number[:3]}{gap}{number[3:6]}{gap}{number[6:]}"


# Words that end in no digit, or the ten digits would not be ten.
around = st.text(st.characters(exclude_categories=["N", "C"]), max_size=20)


@given(
    number=nhs_numbers(),
    gap=st.sampled_from(["", " ", "-", "  ", "."]),
    before=around,
    after=around,
)
def test_an_nhs_number_never_stays_in_a_text(
    number: str, gap: str, before: str, after: str
) -> None:
    shown = redact_text(f"{before} {written(number, gap)} {after}")

    assert number not in re.sub(r"\D", "", shown)


@given(
    number=nhs_numbers(),
    key=st.sampled_from(["reason", "detail", "record", "key", "offset", "x"]),
    wrap=st.sampled_from(
        ["text", "int", "list", "mapping", "key", "tuple", "set", "error", "bytes", "json"]
    ),
)
def test_an_nhs_number_never_stays_in_a_field(number: str, key: str, wrap: str) -> None:
    values: dict[str, object] = {
        "text": f"NHS{number}.",
        "int": int(number),
        "list": [1, [number]],
        "mapping": {"deep": {"deeper": number}},
        "key": {number: 1},
        "tuple": ("a", number),
        "set": {number},
        "error": ValueError(f"no such person: {number}"),
        "bytes": number.encode(),
        "json": f'{{"identifier": "{number}"}}',
    }

    assert number not in repr(redact_fields({key: values[wrap]}))


@given(
    birth=st.dates(date(1930, 1, 1), date(2030, 1, 1)),
    form=st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d %b %Y", "%d-%m-%Y", "%d %B %Y"]),
    before=around,
)
def test_a_date_of_birth_never_stays(birth: date, form: str, before: str) -> None:
    text = birth.strftime(form)

    assert text not in redact_text(f"{before} {text} ")
    assert redact(birth) == STARS


@given(
    outward=st.from_regex(r"[A-Z]{1,2}[0-9][A-Z0-9]?", fullmatch=True),
    inward=st.from_regex(r"[0-9][A-Z]{2}", fullmatch=True),
    gap=st.sampled_from(["", " ", "+"]),
    lower=st.booleans(),
)
def test_a_postcode_never_stays(outward: str, inward: str, gap: str, *, lower: bool) -> None:
    postcode = f"{outward}{gap}{inward}"
    postcode = postcode.lower() if lower else postcode

    assert postcode not in redact_text(f"lives at {postcode}, alone")


@pytest.mark.parametrize(
    "key",
    [
        "name",
        "family_name",
        "familyName",
        "given",
        "patient",
        "mother_name",
        "nhsNumber",
        "nhs_number",
        "date_of_birth",
        "birthDate",
        "dob",
        "address",
        "postcode",
        "telephone",
        "payload",
        "childId",
    ],
)
def test_a_field_with_a_personal_name_is_concealed_whatever_it_holds(key: str) -> None:
    shown = redact_fields({key: "Wilhelmina", "deep": {key: ["Wilhelmina"]}})

    assert "Wilhelmina" not in repr(shown)


@pytest.mark.parametrize(
    "text",
    [
        "family='Wilhelmina' matched",
        '{"name": [{"given": ["Wilhelmina"]}]}',
        "name: Ann Wilhelmina, seen",
        "input_value='Wilhelmina', input_type=str",
        "GET https://fhir.example/Patient?family=Wilhelmina",
        "postgresql://wilhelmina:Wilhelmina@db.example/kin",
    ],
)
def test_a_name_written_as_a_field_is_concealed_in_a_text(text: str) -> None:
    assert "Wilhelmina" not in redact_text(text)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://fhir.example/Patient/9000000009", f"https://fhir.example/{STARS}"),
        ("https://fhir.example/a/b?c=d#e", f"https://fhir.example/{STARS}"),
        ("https://fhir.example:8443/", "https://fhir.example:8443"),
        ("https://9000000009.example", f"https://{STARS}.example"),
    ],
)
def test_of_a_url_only_the_host_stays(url: str, shown: str) -> None:
    assert redact_text(f"asked {url} twice") == f"asked {shown} twice"


@pytest.mark.parametrize(
    "text",
    [
        "alerts.macpt.209",
        PSEUDONYM,
        DERIVED_ID,
        f"linking/1.1/3 {PSEUDONYM} at offset 123456 of 127.0.0.1:9092",
        "serialisation-conflict after 3 tries",
    ],
)
def test_what_operations_need_stays(text: str) -> None:
    assert redact_text(text) == text


def test_instants_stay_and_bytes_show_their_length() -> None:
    fields = redact_fields(
        {
            "clock": datetime(2026, 3, 4, 5, 6, tzinfo=UTC),
            "record": b"secret",
            "count": 7,
            "ok": True,
        }
    )

    assert fields == {
        "clock": "2026-03-04T05:06:00+00:00",
        "record": "<6 bytes>",
        "count": 7,
        "ok": True,
    }
