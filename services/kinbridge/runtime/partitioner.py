"""Which partition a key belongs to, as Java's default partitioner has it.

Source: Apache Kafka, `org.apache.kafka.common.utils.Utils.murmur2` and
`DefaultPartitioner`: the hash made positive by its mask, modulo the partition count.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_SEED: Final = 0x9747B28C
_M: Final = 0x5BD1E995
_WORD: Final = 0xFFFFFFFF
_POSITIVE: Final = 0x7FFFFFFF


def murmur2(data: bytes) -> int:
    """Give the 32-bit murmur2 hash, unsigned. Java shows the same bits as a signed number."""
    length = len(data)
    whole = length & ~3
    h = (_SEED ^ length) & _WORD
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * _M & _WORD
        k = (k ^ (k >> 24)) * _M & _WORD
        h = (h * _M & _WORD) ^ k
    if rest := data[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * _M & _WORD
    h = (h ^ (h >> 13)) * _M & _WORD
    return h ^ (h >> 15)


@lru_cache(maxsize=65_536)
def partition_of(key: bytes, partitions: int) -> int:
    """Give the partition of a key among so many."""
    return (murmur2(key) & _POSITIVE) % partitions
