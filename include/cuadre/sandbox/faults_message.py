"""Faults of the OpenPGP message: each makes a bad message where a good one should be.

A planter returns the fingerprint of a signer the source file has to allow for the fault to show, or None. Keys for a
fault are made in the provider's home and, where the fault needs it, become known to the receiver.
"""

from __future__ import annotations

import random
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cuadre.sandbox.keys import gnupg
from cuadre.sandbox.packets import (
    ENCRYPTED,
    LITERAL,
    SESSION_KEY,
    Packet,
    opened,
    read_packets,
    with_integrity,
    without_integrity,
    write_packets,
)
from cuadre.sandbox.seal import Sealing, run, seal

FUTURE = datetime(2099, 1, 1, tzinfo=UTC)
NOISE_BYTES = 4096


def unsigned(sealing: Sealing) -> None:
    """Encrypt only."""
    run(sealing, "--encrypt")


def not_encrypted(sealing: Sealing) -> None:
    """Sign only."""
    run(sealing, "--sign")


def bad_signature(sealing: Sealing) -> None:
    """Sign, change one byte of the content, encrypt."""
    with _file() as signed:
        run(sealing, "--sign", out=signed)
        packets = [_changed(p) if p.tag == LITERAL else p for p in read_packets(signed.read_bytes())]
        signed.write_bytes(write_packets(packets))
        run(sealing, "--no-literal", "--encrypt", plain=signed)


def wrong_signer(sealing: Sealing) -> None:
    """Sign with a key the receiver never heard of."""
    run(sealing, "--sign", "--encrypt", signer=_key(sealing, "stranger"))


def signer_not_allowed(sealing: Sealing) -> None:
    """Sign with a key the receiver has, for another purpose."""
    signer = _key(sealing, "colleague")
    _introduce(sealing, signer)
    run(sealing, "--sign", "--encrypt", signer=signer)


def signer_expired(sealing: Sealing) -> str:
    """Sign, then let the receiver know that the key had expired the week before."""
    signer = _key(sealing, f"expired {secrets.token_hex(4)}")
    run(sealing, "--sign", "--encrypt", signer=signer)
    end = sealing.moment.astimezone(UTC) - timedelta(days=7)
    with gnupg(sealing.keys.provider) as gpg:
        gpg.run(["--quick-set-expire", signer, f"{end:%Y%m%dT%H%M%S}"], at=end - timedelta(days=7))
    _introduce(sealing, signer)
    return signer


def signer_revoked(sealing: Sealing) -> str:
    """Sign with a key that is revoked, and let the receiver know."""
    signer = _key(sealing, f"revoked {secrets.token_hex(4)}")
    run(sealing, "--sign", "--encrypt", signer=signer)
    revocation = sealing.keys.provider / "openpgp-revocs.d" / f"{signer}.rev"
    text = revocation.read_text().replace(":-----BEGIN", "-----BEGIN")
    with gnupg(sealing.keys.provider) as gpg:
        gpg.take(text[text.index("-----BEGIN") :].encode())
    _introduce(sealing, signer)
    return signer


def signature_expired(sealing: Sealing) -> None:
    """Sign three days early, with a signature that is good for one day."""
    run(sealing, "--default-sig-expire", "1d", "--sign", "--encrypt", moment=sealing.moment - timedelta(days=3))


def signature_from_future(sealing: Sealing) -> None:
    """Sign with a clock that is far ahead."""
    run(sealing, "--sign", "--encrypt", moment=FUTURE)


def weak_digest(sealing: Sealing) -> None:
    """Sign a SHA-1 hash."""
    run(sealing, "--sign", "--encrypt", digest="SHA1")


def weak_cipher(sealing: Sealing) -> None:
    """Encrypt with Triple-DES."""
    run(sealing, "--sign", "--encrypt", cipher="3DES")


def weak_key(sealing: Sealing) -> str:
    """Sign with a short RSA key."""
    signer = _key(sealing, "short", "rsa1024")
    _introduce(sealing, signer)
    run(sealing, "--sign", "--encrypt", signer=signer)
    return signer


def tampered(sealing: Sealing) -> None:
    """Change one byte of the ciphertext."""
    seal(sealing)
    packets = [_changed(p) if p.tag == ENCRYPTED else p for p in read_packets(sealing.out.read_bytes())]
    sealing.out.write_bytes(write_packets(packets))


def wrong_integrity(sealing: Sealing) -> None:
    """Encrypt the right content with a modification code that is not its own."""
    _reencrypt(sealing, protected=True)


def no_integrity(sealing: Sealing) -> None:
    """Encrypt without a modification code."""
    _reencrypt(sealing, protected=False)


def no_decryption_key(sealing: Sealing) -> None:
    """Encrypt to somebody else."""
    run(sealing, "--sign", "--encrypt", recipient=_key(sealing, "bystander", encrypts=True))


def garbage(sealing: Sealing) -> None:
    """Noise, the same for every archive of the same name."""
    noise = random.Random(sealing.out.name).randbytes(NOISE_BYTES)  # noqa: S311 (noise, not a secret)
    sealing.out.write_bytes(bytes([noise[0] & 0x7F]) + noise[1:])


def error_page(sealing: Sealing) -> None:
    """What a web server says when it has no file."""
    sealing.out.write_text("<html><head><title>503</title></head><body>Service Unavailable</body></html>\n")


def two_messages(sealing: Sealing) -> None:
    """The same message twice, one after the other."""
    seal(sealing)
    message = sealing.out.read_bytes()
    sealing.out.write_bytes(message + message)


def nested(sealing: Sealing) -> None:
    """Seal what is sealed already."""
    with _file() as inner:
        seal(replace(sealing, out=inner))
        run(sealing, "--sign", "--encrypt", plain=inner)


def truncated(sealing: Sealing) -> None:
    """Lose the last third."""
    seal(sealing)
    message = sealing.out.read_bytes()
    sealing.out.write_bytes(message[: len(message) * 2 // 3])


def _changed(packet: Packet) -> Packet:
    body = bytearray(packet.body)
    body[len(body) // 2] ^= 0x01
    return Packet(packet.tag, bytes(body))


def _reencrypt(sealing: Sealing, *, protected: bool) -> None:
    """Seal, then take the encryption off and put another one around the same signed content."""
    seal(sealing)
    packets = read_packets(sealing.out.read_bytes())
    inner = next(packet for packet in packets if packet.tag == ENCRYPTED)
    session_key = _session_key(sealing)
    plain = opened(inner, session_key)
    again = with_integrity(plain, session_key, honest=False) if protected else without_integrity(plain, session_key)
    sealing.out.write_bytes(write_packets([p for p in packets if p.tag == SESSION_KEY] + [again]))


def _session_key(sealing: Sealing) -> bytes:
    """The key of the message, as the receiver can see it."""
    with gnupg(sealing.keys.keyring) as gpg, _file() as nowhere:
        arguments = ["--status-fd", "1", "--show-session-key", "--output", str(nowhere), "--decrypt", str(sealing.out)]
        status = gpg.run(arguments).decode(errors="replace")
    line = next(line for line in status.splitlines() if line.startswith("[GNUPG:] SESSION_KEY "))
    return bytes.fromhex(line.rpartition(":")[2])


def _key(sealing: Sealing, who: str, algorithm: str = "ed25519", *, encrypts: bool = False) -> str:
    name = f"Cuadre sandbox {who}"
    with gnupg(sealing.keys.provider) as gpg:
        known = gpg.find(name)
        return known or gpg.make_key(name, algorithm, encrypts=encrypts)


def _introduce(sealing: Sealing, fingerprint: str) -> None:
    """Let the receiver know a key as the provider's home has it."""
    with gnupg(sealing.keys.provider) as theirs, gnupg(sealing.keys.keyring) as ours:
        ours.take(theirs.public(fingerprint))


@contextmanager
def _file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="cuadre-") as folder:
        yield Path(folder) / "message.pgp"
