"""OpenPGP packets taken apart and put together again (RFC 4880, section 4), for messages GnuPG will not write.

Whole messages in memory: this is for samples of faults, not for the honest way.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

SESSION_KEY, SIGNATURE, ONE_PASS, ENCRYPTED_BARE, LITERAL, ENCRYPTED = 1, 2, 4, 9, 11, 18
BLOCK = 16
"""Block size of AES in bytes."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: its tag and its body, whatever way its length was written."""

    tag: int
    body: bytes

    def write(self) -> bytes:
        """The packet in new format with a five-byte length."""
        return bytes([0xC0 | self.tag, 0xFF]) + len(self.body).to_bytes(4, "big") + self.body


def read_packets(message: bytes) -> list[Packet]:
    """Every packet of a message GnuPG wrote, in order."""
    packets, at = [], 0
    while at < len(message):
        first = message[at]
        if first & 0x40:
            body, at = _new_body(message, at + 1)
            packets.append(Packet(first & 0x3F, body))
        else:
            body, at = _old_body(message, at + 1, first & 3)
            packets.append(Packet(first >> 2 & 0x0F, body))
    return packets


def write_packets(packets: list[Packet]) -> bytes:
    """A message of these packets."""
    return b"".join(packet.write() for packet in packets)


def without_integrity(plain: bytes, session_key: bytes) -> Packet:
    """Packets `plain` encrypted with AES the old way, without any integrity protection (RFC 4880, section 5.7)."""
    head = os.urandom(BLOCK)
    opening = _cfb(session_key, bytes(BLOCK), head + head[-2:])
    return Packet(ENCRYPTED_BARE, opening + _cfb(session_key, opening[2:], plain))


def with_integrity(plain: bytes, session_key: bytes, *, honest: bool = True) -> Packet:
    """Packets `plain` encrypted with AES and a modification code (section 5.13), a wrong one unless `honest`."""
    head = os.urandom(BLOCK)
    whole = head + head[-2:] + plain + b"\xd3\x14"
    code = hashlib.sha1(whole, usedforsecurity=False).digest()
    return Packet(ENCRYPTED, b"\x01" + _cfb(session_key, bytes(BLOCK), whole + (code if honest else code[::-1])))


def opened(packet: Packet, session_key: bytes) -> bytes:
    """The packets inside a protected packet, its modification code left off."""
    decryptor = Cipher(algorithms.AES(session_key), CFB(bytes(BLOCK))).decryptor()
    return decryptor.update(packet.body[1:])[BLOCK + 2 : -22]


def _cfb(session_key: bytes, start: bytes, plain: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(session_key), CFB(start)).encryptor()
    return encryptor.update(plain) + encryptor.finalize()


def _old_body(message: bytes, at: int, length_type: int) -> tuple[bytes, int]:
    if length_type == 3:
        return message[at:], len(message)
    width = 1 << length_type
    end = at + width + int.from_bytes(message[at : at + width], "big")
    return message[at + width : end], end


def _new_body(message: bytes, at: int) -> tuple[bytes, int]:
    pieces = []
    while True:
        length, at, partial = _length(message, at)
        pieces.append(message[at : at + length])
        at += length
        if not partial:
            return b"".join(pieces), at


def _length(message: bytes, at: int) -> tuple[int, int, bool]:
    first = message[at]
    if first < 192:
        return first, at + 1, False
    if first < 224:
        return (first - 192 << 8) + message[at + 1] + 192, at + 2, False
    if first < 255:
        return 1 << (first & 0x1F), at + 1, True
    return int.from_bytes(message[at + 1 : at + 5], "big"), at + 5, False
