"""Frames out of whatever pieces a connection gives."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.intake.mllp.frames import HEAD, Frame, Framer, framed

LIMIT = 10_000


def frames(*pieces: bytes, limit: int = LIMIT) -> tuple[list[Frame], Framer]:
    framer = Framer(limit)
    return [frame for piece in pieces for frame in framer.feed(piece)], framer


@pytest.mark.parametrize(
    ("pieces", "contents"),
    [
        pytest.param([framed(b"one")], [b"one"], id="one in one piece"),
        pytest.param([b"\x0bo", b"n", b"e\x1c", b"\r"], [b"one"], id="one in four"),
        pytest.param([framed(b"one") + framed(b"two")], [b"one", b"two"], id="two in one"),
        pytest.param(
            [framed(b"one") + b"\x0btw", b"o\x1c\r"], [b"one", b"two"], id="one and a half"
        ),
        pytest.param([b"GET / HTTP/1.1\r\n" + framed(b"one")], [b"one"], id="garbage before"),
        pytest.param([b"\x0bone\x1c\x0btwo\x1c\r"], [b"one", b"two"], id="no CR after FS"),
        pytest.param([b"\x0bone\x0btwo\x1c\r"], [b"two"], id="begun anew without FS"),
        pytest.param([b"\x0bone"], [], id="no FS"),
        pytest.param([b"one\x1c\r"], [], id="no VT"),
        pytest.param([b"\x0b\x1c\r"], [b""], id="nothing inside"),
    ],
)
def test_messages_stand_between_vt_and_fs(pieces: list[bytes], contents: list[bytes]) -> None:
    found, _ = frames(*pieces)

    assert [frame.content for frame in found] == contents
    assert all(frame.whole for frame in found)


def test_what_is_no_message_is_counted() -> None:
    _, framer = frames(b"hello", framed(b"one"), b"\r\n\x00", b"\x0bcut\x0bcut again")

    assert (framer.strays, framer.cut, framer.inside) == (5, 1, True)


def test_what_is_too_large_keeps_its_head_and_the_next_one_is_whole() -> None:
    large = bytes(range(32, 127)) * 200

    found, _ = frames(framed(large), framed(b"next"))

    assert found == [Frame(large[:HEAD], whole=False), Frame(b"next")]


@pytest.mark.parametrize("limit", [10, 100])
def test_a_limit_below_the_head_holds_too(limit: int) -> None:
    found, framer = frames(b"\x0b", *[b"x" * 40] * 50, b"\x1c\r", limit=limit)

    assert found == [Frame(b"x" * 2_000, whole=False)]
    assert len(framer.feed(framed(b"next"))) == 1


@given(
    messages=st.lists(st.binary(max_size=60).map(lambda b: b.translate(None, b"\x0b\x1c"))),
    cuts=st.lists(st.integers(0, 400), max_size=12),
)
def test_pieces_of_any_size_give_the_same_messages(messages: list[bytes], cuts: list[int]) -> None:
    whole = b"".join(framed(message) for message in messages)
    places = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(places)]

    found, framer = frames(*pieces)

    assert [frame.content for frame in found] == messages
    assert (framer.strays, framer.cut) == (0, 0)


@given(pieces=st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes_are_taken_and_no_more_than_the_limit_is_held(pieces: list[bytes]) -> None:
    found, framer = frames(*pieces, limit=50)

    assert all(len(frame.content) <= 50 or not frame.whole for frame in found)
    assert framer.strays <= sum(map(len, pieces))
