"""The checksum of ASCII armour, CRC-24, of many bytes at once: Python alone would take minutes for a large message.

A block is cut into lanes that numpy carries side by side, a byte of every lane at each step. The lanes are then joined:
going over a lane's length of zeros is linear, so it is a table look-up for each byte of the checksum.
Source: RFC 9580, section 6.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, reduce
from operator import xor

import numpy as np
import numpy.typing as npt

EMPTY = 0xB704CE
"""The checksum of no bytes."""

_POLYNOMIAL = 0x1864CFB
_TOP = 0x1000000
_LANE = 256
"""Bytes in a lane."""


def crc24(data: bytes, before: int = EMPTY) -> int:
    """The checksum of what `before` is the checksum of, followed by `data`."""
    table = _table()
    whole = len(data) // _LANE * _LANE
    checksum = before
    if whole:
        lanes = np.frombuffer(data, np.uint8, whole).reshape(-1, _LANE).T
        sums = np.zeros(lanes.shape[1], np.uint32)
        for octets in np.ascontiguousarray(lanes):
            sums = ((sums << 8) & 0xFFFFFF) ^ table[(sums >> 16) ^ octets]
        high, middle, low = _over_a_lane()
        for each in sums.tolist():
            checksum = high[checksum >> 16] ^ middle[checksum >> 8 & 0xFF] ^ low[checksum & 0xFF] ^ each
    steps = table.tolist()
    for octet in data[whole:]:
        checksum = ((checksum << 8) & 0xFFFFFF) ^ steps[(checksum >> 16) ^ octet]
    return checksum


@cache
def _table() -> npt.NDArray[np.uint32]:
    return np.array([_shifted(octet << 16, 8) for octet in range(256)], np.uint32)


@cache
def _over_a_lane() -> tuple[list[int], list[int], list[int]]:
    """What a lane of zeros makes of each value of the checksum's high, middle and low byte."""
    single = [_shifted(1 << bit, 8 * _LANE) for bit in range(24)]
    tables = []
    for place in (16, 8, 0):
        tables.append([_sum(single[place + bit] for bit in range(8) if octet >> bit & 1) for octet in range(256)])
    high, middle, low = tables
    return high, middle, low


def _sum(values: Iterable[int]) -> int:
    return reduce(xor, values, 0)


def _shifted(checksum: int, bits: int) -> int:
    for _ in range(bits):
        checksum <<= 1
        if checksum & _TOP:
            checksum ^= _POLYNOMIAL
    return checksum
