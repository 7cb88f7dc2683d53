"""Identifiers of persons: only well-formed ones exist, and none of them ever prints."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from kinbridge_schemas.base import Value
from kinbridge_schemas.events import Subject
from kinbridge_schemas.identifiers import (
    Concealed,
    LaChildId,
    NhsNumber,
    PersonName,
    Postcode,
    Pseudonymiser,
)
from kinbridge_schemas.problems import UnreadableError
from kinbridge_schemas.vocabulary import Role

PSEUDONYMISER = Pseudonymiser(b"a secret of the tests, long enough")

FULL_WIDTH = {ord("0") + digit: 0xFF10 + digit for digit in range(10)}
KINDS = st.sampled_from(
    [
        (NhsNumber, "9000000009"),
        (LaChildId, "LEW204981"),
        (PersonName, "Ada Example"),
        (Postcode, "ZZ99 3WZ"),
    ]
)


class Holder(Value):
    number: NhsNumber


def check_digit(nine: str) -> int:
    """The modulus 11 algorithm as the NHS Data Dictionary words it, step by step."""
    total = sum(int(digit) * factor for digit, factor in zip(nine, range(10, 1, -1), strict=True))
    return 11 - total % 11


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("9000000009", id="plain"),
        pytest.param("900 000 0009", id="spaced in threes"),
        pytest.param(" 900-000-0017 ", id="hyphens and blanks around"),
        pytest.param("9990000018", id="of the 999 range"),
        pytest.param("9000000610", id="check digit 0"),
    ],
)
def test_a_number_that_passes_is_read(text: str) -> None:
    assert len(NhsNumber(text).reveal()) == 10


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("9000000008", id="wrong check digit"),
        pytest.param("900000009", id="nine digits"),
        pytest.param("90000000090", id="eleven digits"),
        pytest.param("900000000A", id="a letter"),
        pytest.param("", id="nothing"),
        pytest.param("9000000009".translate(FULL_WIDTH), id="digits of another alphabet"),
        pytest.param("9000000009\x00", id="a null byte after it"),
    ],
)
def test_a_number_that_fails_is_refused_by_a_code_alone(text: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        NhsNumber(text)

    assert str(caught.value) == "nhs-number-invalid"


@given(st.integers(0, 999_999_999).map(lambda n: f"{n:09d}"), st.integers(0, 9))
def test_exactly_the_check_digit_passes(nine: str, last: int) -> None:
    wanted = check_digit(nine) % 11

    if wanted == last:
        assert NhsNumber(f"{nine}{last}").reveal() == f"{nine}{last}"
    else:
        with pytest.raises(UnreadableError):
            NhsNumber(f"{nine}{last}")


def test_a_number_whose_check_digit_would_be_ten_does_not_exist() -> None:
    nine = next(f"{n:09d}" for n in range(900_000_000, 900_001_000) if check_digit(f"{n}") == 10)

    for last in range(10):
        with pytest.raises(UnreadableError):
            NhsNumber(f"{nine}{last}")


@given(st.lists(st.integers(0, 9), min_size=9, max_size=9), st.data())
def test_two_neighbouring_digits_swapped_are_noticed(
    digits: list[int], data: st.DataObject
) -> None:
    nine = "".join(map(str, digits))
    last = check_digit(nine) % 11
    at = data.draw(st.integers(0, 8))
    whole = list(f"{nine}{last}")
    whole[at], whole[at + 1] = whole[at + 1], whole[at]
    swapped = "".join(whole)

    if last < 10 and swapped != f"{nine}{last}":
        with pytest.raises(UnreadableError):
            NhsNumber(swapped)


@given(KINDS)
def test_nothing_prints_it(kind: tuple[type[Concealed], str]) -> None:
    made, text = kind
    value = made(text)
    printed = [
        repr(value),
        str(value),
        f"{value}",
        f"{value!r:>40}",
        f"{value:s}",
        "%s %r" % (value, value),  # noqa: UP031 - the old way prints too
        f"{[value]}",
        f"{ {value: value} }",
        repr(copy.deepcopy(value)),
        repr(pickle.loads(pickle.dumps(value))),  # noqa: S301 - our own bytes
    ]

    assert not any(text in line for line in printed)
    assert value.reveal() == text


def test_a_model_that_holds_one_does_not_print_it() -> None:
    subject = Subject(
        role=Role.MOTHER,
        key=PSEUDONYMISER.of_nhs_number(NhsNumber("9000000009")),
        nhs_number=NhsNumber("9000000009"),
        name=PersonName("Ada Example"),
    )

    assert "9000000009" not in f"{subject} {subject!r} {subject.model_dump()}"
    assert "Ada" not in f"{subject} {subject!r} {subject.model_dump()}"
    assert '"9000000009"' in subject.model_dump_json()


@given(st.text(max_size=60).filter(lambda text: len(text) > 3))
def test_an_error_of_a_model_never_shows_what_was_given(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Holder.model_validate({"number": f"x{text}x"})
    shown = str(caught.value)

    assert f"x{text}x" not in shown
    assert "input_value" not in shown


def test_a_traceback_shows_no_value() -> None:
    wrong = str(9_000_000_010)
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Holder).validate_json(json.dumps({"number": wrong}))

    assert wrong not in "".join(traceback.format_exception(caught.value))


def test_a_log_line_shows_no_value(caplog: pytest.LogCaptureFixture) -> None:
    value = NhsNumber("9000000009")
    with caplog.at_level(logging.INFO):
        logging.getLogger("example").info("met %s and %r", value, {"of": value})

    assert "9000000009" not in caplog.text
    assert "NhsNumber(**********)" in caplog.text


def test_it_cannot_slip_into_json_by_itself() -> None:
    with pytest.raises(TypeError):
        json.dumps(NhsNumber("9000000009"))


def test_equal_only_to_its_own_kind() -> None:
    assert NhsNumber("900 000 0009") == NhsNumber("9000000009")
    assert hash(NhsNumber("900 000 0009")) == hash(NhsNumber("9000000009"))
    assert NhsNumber("9000000009") != LaChildId("9000000009")
    assert NhsNumber("9000000009") != "9000000009"


@pytest.mark.parametrize(
    ("given_text", "normal"),
    [("zz993wz", "ZZ99 3WZ"), ("ZZ99  3WZ", "ZZ99 3WZ"), ("w1a1aa", "W1A 1AA")],
)
def test_a_postcode_has_one_form(given_text: str, normal: str) -> None:
    assert Postcode(given_text).reveal() == normal


@pytest.mark.parametrize("text", ["", "ZZ9", "ZZ99", "ZZ99 WZ3", "1A1 1AA", "Flat 2"])
def test_what_is_no_postcode_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match=r"^postcode-invalid$"):
        Postcode(text)


@pytest.mark.parametrize("text", ["", "a b", "a/b", "x" * 37, "é"])
def test_what_is_no_child_id_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match=r"^la-child-id-invalid$"):
        LaChildId(text)


def test_a_pseudonym_says_nothing_and_is_the_same_each_time() -> None:
    number = NhsNumber("9000000009")
    key = PSEUDONYMISER.of_nhs_number(number)
    elsewhere = Pseudonymiser(b"another secret, and long enough too")

    assert key == PSEUDONYMISER.of_nhs_number(number)
    assert key != elsewhere.of_nhs_number(number)
    assert "9000000009" not in key


def test_pseudonyms_of_different_things_differ() -> None:
    made = {
        PSEUDONYMISER.of_nhs_number(NhsNumber("9000000009")),
        PSEUDONYMISER.of_la_child("209", LaChildId("9000000009")),
        PSEUDONYMISER.of_la_child("210", LaChildId("9000000009")),
        PSEUDONYMISER.of_source_record("20", "99000000009"),
        PSEUDONYMISER.of_source_record("209", "9000000009"),
        PSEUDONYMISER.child("209", "9000000009"),
        PSEUDONYMISER.person("209", "9000000009"),
        PSEUDONYMISER.family("209", "9000000009"),
    }

    assert len(made) == 8


def test_a_secret_that_is_too_short_is_refused_and_none_prints() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes"):
        Pseudonymiser(b"short")

    assert "secret" not in repr(PSEUDONYMISER)
    assert not hasattr(PSEUDONYMISER, "__dict__")
