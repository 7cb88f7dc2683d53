"""What came in chunks and compressions has the bytes that its sender meant, within a limit."""

from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinbridge.intake.mesh.unpack import Chunk, as_it_came, unpack
from kinbridge_schemas.problems import UnreadableError

LIMIT = 100_000


def plain(*parts: bytes) -> list[Chunk]:
    return [Chunk(part, gzip=False) for part in parts]


def zipped(*parts: bytes) -> list[Chunk]:
    return [Chunk(part, gzip=True) for part in parts]


WHOLE = gzip.compress(b"<a/>" * 100)


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(plain(b"<a/>" * 100), id="as it is"),
        pytest.param(plain(b"<a/>" * 40, b"<a/>" * 60), id="in chunks"),
        pytest.param(zipped(WHOLE), id="gzip for the way"),
        pytest.param(
            zipped(gzip.compress(b"<a/>" * 40), gzip.compress(b"<a/>" * 60)), id="each chunk gzip"
        ),
        pytest.param(
            [*zipped(gzip.compress(b"<a/>" * 40)), *plain(b"<a/>" * 60)], id="one chunk gzip"
        ),
        pytest.param(zipped(WHOLE[:17], WHOLE[17:]), id="one gzip cut into chunks"),
        pytest.param(plain(WHOLE), id="a gzip file"),
        pytest.param(zipped(gzip.compress(WHOLE)), id="a gzip file, gzip for the way"),
        pytest.param(
            plain(gzip.compress(b"<a/>" * 40) + gzip.compress(b"<a/>" * 60)), id="two members"
        ),
        pytest.param(plain(WHOLE + bytes(20)), id="padding after the gzip"),
        pytest.param(zipped(zlib.compress(b"<a/>" * 100)), id="deflate called gzip"),
    ],
)
def test_the_content_is_the_same_however_it_was_packed(chunks: list[Chunk]) -> None:
    assert unpack(chunks, LIMIT) == b"<a/>" * 100


@pytest.mark.parametrize(
    ("chunks", "reason"),
    [
        pytest.param(plain(bytes(LIMIT + 1)), "message-too-large", id="plain"),
        pytest.param(zipped(gzip.compress(bytes(LIMIT + 1))), "message-too-large", id="gzip"),
        pytest.param(plain(gzip.compress(bytes(50_000_000))), "message-too-large", id="a bomb"),
        pytest.param(
            zipped(*[gzip.compress(bytes(LIMIT))] * 2), "message-too-large", id="in the second"
        ),
        pytest.param(zipped(WHOLE[:-9]), "compression-broken", id="cut short"),
        pytest.param(zipped(b"<a/>"), "compression-broken", id="said to be gzip"),
        pytest.param(plain(WHOLE[:12]), "compression-broken", id="a gzip file cut short"),
        pytest.param(zipped(b"x", b"y"), "compression-broken", id="chunks said to be gzip"),
    ],
)
def test_what_is_broken_or_too_large_says_so(chunks: list[Chunk], reason: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        unpack(chunks, LIMIT)

    assert raised.value.reason == reason


def test_exactly_the_limit_is_not_too_large() -> None:
    assert len(unpack(zipped(gzip.compress(bytes(LIMIT))), LIMIT)) == LIMIT


def test_nothing_is_undone_of_what_is_kept_as_it_came() -> None:
    assert as_it_came(zipped(WHOLE[:5], WHOLE[5:])) == WHOLE


@given(st.lists(st.binary(max_size=200), min_size=1, max_size=5), st.data())
def test_any_bytes_give_content_or_a_reason(parts: list[bytes], data: st.DataObject) -> None:
    chunks = [Chunk(part, gzip=data.draw(st.booleans())) for part in parts]

    assert outcome(chunks, 300) in {"unpacked", "message-too-large", "compression-broken"}


def outcome(chunks: list[Chunk], limit: int) -> str:
    try:
        found = unpack(chunks, limit)
    except UnreadableError as problem:
        return problem.reason
    return "unpacked" if len(found) <= limit else "beyond the limit"


@given(st.binary(max_size=2_000).filter(lambda b: b[:2] != b"\x1f\x8b"), st.integers(1, 500))
def test_content_cut_and_packed_comes_back(content: bytes, size: int) -> None:
    cut = [content[at : at + size] for at in range(0, len(content), size)] or [b""]

    assert unpack(plain(*cut), LIMIT) == content
    assert unpack(zipped(*map(gzip.compress, cut)), LIMIT) == content
