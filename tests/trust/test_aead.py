"""Authenticated encryption: taken where the installed GnuPG opens it, and refused when a bit of it has changed.

GnuPG 2.2 reads the packet (20, with OCB) and does not write it, so a good message is encrypted again by hand.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESOCB3
from tests.fixtures.openpgp import NOW, Keys, csv_text, zipped

from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.errors import ArchiveRejected
from cuadre.sandbox.packets import ENCRYPTED, SESSION_KEY, Packet, opened, read_packets, write_packets
from cuadre.trust import confirm, judge_in, private_home, take_in
from cuadre.trust import opened as opening

AEAD, AES256, OCB, SMALL_CHUNKS = 20, 9, 2, 2
CONTENT = zipped(csv_text(40))


@pytest.fixture
def message(pgp_keys: Keys) -> bytes:
    sealed = pgp_keys.seal(CONTENT, "--cipher-algo", "AES256", "--compress-algo", "none")
    packets = read_packets(sealed)
    said = pgp_keys.ours("--status-fd", "1", "--show-session-key", "--output", os.devnull, "--decrypt", data=sealed)
    line = next(line for line in said.decode().splitlines() if line.startswith("[GNUPG:] SESSION_KEY "))
    key = bytes.fromhex(line.rpartition(":")[2])
    plain = opened(next(packet for packet in packets if packet.tag == ENCRYPTED), key)
    return write_packets([packet for packet in packets if packet.tag == SESSION_KEY] + [_with_ocb(plain, key)])


def _with_ocb(plain: bytes, key: bytes) -> Packet:
    """Packets `plain` in chunks of 256 bytes (the draft of RFC 4880's successor, section 5.16)."""
    head, start, cipher = bytes([1, AES256, OCB, SMALL_CHUNKS]), os.urandom(15), AESOCB3(key)
    chunks = [plain[at : at + 256] for at in range(0, len(plain), 256)]
    sealed, known = b"", bytes([0xC0 | AEAD]) + head
    for index, chunk in enumerate(chunks):
        sealed += cipher.encrypt(_nonce(start, index), chunk, known + index.to_bytes(8, "big"))
    last = known + len(chunks).to_bytes(8, "big") + len(plain).to_bytes(8, "big")
    return Packet(AEAD, head + start + sealed + cipher.encrypt(_nonce(start, len(chunks)), b"", last))


def _nonce(start: bytes, index: int) -> bytes:
    return (int.from_bytes(start, "big") ^ index).to_bytes(15, "big")


def _content(message: bytes, keys: Keys, folder: Path) -> bytes:
    archive = folder / "message.pgp"
    archive.write_bytes(message)
    with private_home(keys.ours.home) as view:
        verdict = judge_in(view, take_in(archive, None, view), trust=keys.trust(), now=NOW)
        with opening(view, verdict, now=NOW) as decryption:
            content = b""
            while data := decryption.read():
                content += data
            confirm(decryption, verdict)
    return content


def test_what_gpg_opens_is_taken(message: bytes, pgp_keys: Keys, tmp_path: Path) -> None:
    assert _content(message, pgp_keys, tmp_path) == CONTENT


@pytest.mark.parametrize("place", [-1, -20, -300, -600])
def test_a_changed_bit_is_tampering(place: int, message: bytes, pgp_keys: Keys, tmp_path: Path) -> None:
    changed = bytearray(message)
    changed[place] ^= 1
    with pytest.raises(ArchiveRejected) as refused:
        _content(bytes(changed), pgp_keys, tmp_path)
    assert refused.value.reason is Reason.TAMPERED


def test_one_to_somebody_else_is_not_blamed(message: bytes, pgp_keys: Keys, tmp_path: Path) -> None:
    elsewhere = read_packets(pgp_keys.encrypt(CONTENT, to="elsewhere"))[0]
    with pytest.raises(ArchiveRejected) as refused:
        _content(write_packets([elsewhere, read_packets(message)[-1]]), pgp_keys, tmp_path)
    assert refused.value.reason is Reason.NO_DECRYPTION_KEY


def test_a_chunk_left_out_is_tampering(message: bytes, pgp_keys: Keys, tmp_path: Path) -> None:
    *rest, packet = read_packets(message)
    shorter = Packet(AEAD, packet.body[: 19 + 272] + packet.body[19 + 2 * 272 :])
    with pytest.raises(ArchiveRejected) as refused:
        _content(write_packets([*rest, shorter]), pgp_keys, tmp_path)
    assert refused.value.reason is Reason.TAMPERED
