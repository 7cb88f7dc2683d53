"""One pair of keys, and one PDS, for all tests of asking it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.retrieval.pds_asking import Clock
from tests.services.retrieval.pds_stub import Key, PdsStub, a_key, a_pds


@pytest.fixture(scope="session")
def key() -> Key:
    return a_key()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stub(key: Key, clock: Clock) -> Iterator[PdsStub]:
    with a_pds(key, clock) as served:
        yield served
