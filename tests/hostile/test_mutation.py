"""A good archive damaged by machine, in every way a disk, a line or an enemy without keys could: never another content.

Each mutant either is refused with a code, or gives exactly the original's content (some bits of an OpenPGP message
mean nothing). Whatever else happens, a crash above all, fails the test.

Here one bit of each byte of the head is changed, which holds every header, and of a sample of the bytes behind it,
which are all ciphertext; `test_fuzz.py` changes any bit anywhere, for as long as `make fuzz` is told to.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest

from tests.fixtures.openpgp import Keys, zipped
from tests.hostile.conftest import CONTENT, Open

HEAD_BYTES = 1024
RANDOM_BYTES = 600


@pytest.mark.parametrize("start", range(0, HEAD_BYTES, 512))
def test_no_changed_byte_of_the_head_changes_what_is_admitted(start: int, opening: Open, roomy: bytes) -> None:
    seen = _all(opening, (_flipped(roomy, at) for at in range(start, start + 512)))
    assert seen["same"] < 10


def test_no_changed_byte_elsewhere_changes_what_is_admitted(opening: Open, roomy: bytes) -> None:
    places = random.Random(3).sample(range(HEAD_BYTES, len(roomy)), RANDOM_BYTES)
    seen = _all(opening, (_flipped(roomy, at) for at in places))
    assert seen["same"] == 0


def test_no_shortened_message_is_admitted(opening: Open, pgp_keys: Keys) -> None:
    message = pgp_keys.seal(zipped(CONTENT))
    seen = _all(opening, (message[:length] for length in range(len(message))))
    assert set(seen) <= {"TRUNCATED", "MALFORMED_OPENPGP"}


def test_no_other_order_of_packets_is_admitted(opening: Open, pgp_keys: Keys) -> None:
    inner = _packets(pgp_keys.sign(zipped(CONTENT)))
    outer = _packets(pgp_keys.encrypt_packets(b"".join(inner)))
    assert opening(b"".join(outer)) == "same"
    inside = (pgp_keys.encrypt_packets(b"".join(mutant)) for mutant in _rearranged(inner))
    outside = (b"".join(mutant) for mutant in _rearranged(outer))
    assert _all(opening, inside)["same"] <= 1, "only a signature that stands there twice leaves the content as it was"
    refused = {"TRUNCATED", "MALFORMED_OPENPGP", "MULTIPLE_MESSAGES", "NO_DECRYPTION_KEY"}
    assert set(_all(opening, outside)) <= {*refused, "same"}


def _all(opening: Open, mutants: Iterator[bytes]) -> Counter[str]:
    """How often each verdict came; two at a time, since gpg is a process of its own."""
    with ThreadPoolExecutor(2) as pool:
        return Counter(pool.map(opening, mutants))


def _flipped(message: bytes, at: int) -> bytes:
    """`message` with one bit of byte `at` changed, another one at each place."""
    return message[:at] + bytes([message[at] ^ (1 << at * 5 % 8)]) + message[at + 1 :]


def _rearranged(packets: list[bytes]) -> Iterator[list[bytes]]:
    """Every other order, every packet dropped, every packet repeated at its place and at the end."""
    yield from (list(order) for order in permutations(packets) if list(order) != packets)
    for at, packet in enumerate(packets):
        yield packets[:at] + packets[at + 1 :]
        yield [*packets[:at], packet, *packets[at:]]
        yield [*packets, packet]


def _packets(message: bytes) -> list[bytes]:
    """A message cut into its packets (RFC 9580, section 4.2)."""
    found, start = [], 0
    while start < len(message):
        end = _packet_end(message, start)
        found.append(message[start:end])
        start = end
    return found


def _packet_end(message: bytes, start: int) -> int:
    header, at = message[start], start + 1
    if not header & 0x40:
        width = 1 << (header & 3)
        return at + width + int.from_bytes(message[at : at + width], "big")
    while True:
        first = message[at]
        if first < 192:
            return at + 1 + first
        if first < 224:
            return at + 2 + ((first - 192) << 8) + message[at + 1] + 192
        if first == 255:
            return at + 5 + int.from_bytes(message[at + 1 : at + 5], "big")
        at += 1 + (1 << (first & 0x1F))
