"""Who is believed, and when: the verdict on messages that GnuPG finds nothing, or little, to say about."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.fixtures.openpgp import NOW, SIGNED_AT

from cuadre.model.errors import ArchiveRejected, ConfigurationError, OpeningStopped
from cuadre.trust import confirm, judge, judge_in, opened, private_home, take_in
from cuadre.trust.decryption import Decryption, decrypting
from cuadre.trust.run import running

CONTENT = b"PK content"
OF_THE_MESSAGE = {
    "MALFORMED_OPENPGP",
    "MULTIPLE_MESSAGES",
    "NESTED_MESSAGE",
    "NO_DECRYPTION_KEY",
    "NO_INTEGRITY_PROTECTION",
    "NOT_ENCRYPTED",
    "TAMPERED",
    "TRUNCATED",
}
"""What a message that is not as it was sent may be refused for: a changed byte can decrypt to a packet of any kind."""


@pytest.fixture
def judging(pgp_keys, tmp_path):
    def run(message: bytes, trust=None, now=NOW, **more):
        archive = tmp_path / "archive.zip.pgp"
        archive.write_bytes(message)
        return judge(archive, trust=trust or pgp_keys.trust(), home=pgp_keys.ours.home, now=now, **more)

    return run


def _windows(pgp_keys, *windows: tuple[date, date | None]):
    return pgp_keys.trust(keys=tuple(pgp_keys.line("sender", start, valid_to=end) for start, end in windows))


def _reason(judging, *arguments, **more) -> str:
    with pytest.raises(ArchiveRejected) as refused:
        judging(*arguments, **more)
    return refused.value.reason.name


def test_the_verdict_names_the_primary_key_and_the_moment_of_signing(judging, pgp_keys) -> None:
    verdict = judging(pgp_keys.seal(CONTENT))
    assert (verdict.signer, verdict.signed_at) == (pgp_keys.fingerprints["sender"], SIGNED_AT)
    assert verdict.plaintext_bytes == len(CONTENT)


def test_an_old_archive_of_a_key_that_expired_since_is_believed(judging, pgp_keys) -> None:
    message = pgp_keys.seal(CONTENT, by="outdated", at=SIGNED_AT - timedelta(days=40))
    assert judging(message, pgp_keys.trust("outdated")).signer == pgp_keys.fingerprints["outdated"]


def test_the_window_of_a_signer_includes_both_its_days(judging, pgp_keys) -> None:
    message, day = pgp_keys.seal(CONTENT), SIGNED_AT.date()
    assert judging(message, _windows(pgp_keys, (day, day))).signer
    before = _windows(pgp_keys, (date(2026, 1, 1), date(2026, 3, 4)))
    assert _reason(judging, message, before) == "SIGNER_EXPIRED"
    assert _reason(judging, message, _windows(pgp_keys, (date(2026, 3, 6), None))) == "SIGNER_NOT_ALLOWED"
    gap = (date(2026, 1, 1), date(2026, 2, 1)), (date(2026, 3, 5), None)
    assert judging(message, _windows(pgp_keys, *gap)).signer


def test_a_clock_that_is_a_little_ahead_is_forgiven(judging, pgp_keys) -> None:
    assert judging(pgp_keys.seal(CONTENT, at=NOW + timedelta(minutes=4))).signer


def test_two_allowed_signers_are_believed(judging, pgp_keys) -> None:
    assert judging(pgp_keys.seal(CONTENT, "-u", "second"), pgp_keys.trust("sender", "second")).signer


def test_floors_are_loosened_by_name_only(judging, pgp_keys) -> None:
    message = pgp_keys.seal(CONTENT, by="short")
    assert _reason(judging, message, pgp_keys.trust("short")) == "WEAK_ALGORITHM"
    assert judging(message, pgp_keys.trust("short", minimum_rsa_bits=1024)).signer
    message = pgp_keys.seal(CONTENT, "--cipher-algo", "CAST5")
    assert judging(message, pgp_keys.trust(ciphers=("CAST5",))).signer


def test_every_changed_byte_of_a_message_is_refused(judging, pgp_keys) -> None:
    message = pgp_keys.seal(CONTENT)
    for at in range(0, len(message), 11):
        changed = message[:at] + bytes([message[at] ^ 0x10]) + message[at + 1 :]
        assert _reason(judging, changed) in OF_THE_MESSAGE


def test_every_cut_of_a_message_is_truncated(judging, pgp_keys) -> None:
    message = pgp_keys.seal(os.urandom(20_000))
    for end in range(0, len(message), 1013):
        assert _reason(judging, message[:end]) == "TRUNCATED"


def test_a_clock_passed_in_decides_not_the_machine_s(judging, pgp_keys) -> None:
    message = pgp_keys.seal(CONTENT, "--default-sig-expire", "2d")
    assert judging(message).signer
    assert _reason(judging, message, now=NOW + timedelta(days=3)) == "SIGNATURE_EXPIRED"
    assert _reason(judging, message, now=SIGNED_AT - timedelta(days=1)) == "SIGNATURE_FROM_FUTURE"


def test_a_detached_signature_has_no_place_in_this_shape(judging, pgp_keys, tmp_path) -> None:
    (tmp_path / "x.sig").write_bytes(b"signature")
    with pytest.raises(ConfigurationError, match="detached signature"):
        judging(pgp_keys.seal(CONTENT), signature=tmp_path / "x.sig")


def test_a_home_that_is_not_there_is_our_fault_not_the_archive_s(pgp_keys, tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="no GnuPG home"):
        judge(tmp_path / "x", trust=pgp_keys.trust(), home=tmp_path / "nowhere", now=NOW)


def test_a_second_pass_that_finds_something_else_is_refused(pgp_keys, tmp_path) -> None:
    archive = tmp_path / "archive.zip.pgp"
    archive.write_bytes(pgp_keys.seal(CONTENT))
    with private_home(pgp_keys.ours.home) as view:
        verdict = judge_in(view, take_in(archive, None, view), trust=pgp_keys.trust(), now=NOW)
        verdict.ciphertext.write_bytes(pgp_keys.seal(CONTENT.upper()))
        with opened(view, verdict, now=NOW) as decryption:
            while decryption.read():
                pass
            with pytest.raises(ArchiveRejected, match="TAMPERED"):
                confirm(decryption, verdict)


def test_a_message_that_keeps_gpg_busy_far_too_long_is_stopped(pgp_keys, tmp_path) -> None:
    archive, limit = tmp_path / "archive.zip.pgp", 1 << 30
    archive.write_bytes(pgp_keys.seal(b"\0" * (128 << 20), "--compress-algo", "bzip2"))
    given = {"now": NOW, "digests": ("SHA512",), "stdout": subprocess.PIPE, "patience": 0.02}
    with (
        private_home(pgp_keys.ours.home) as view,
        archive.open("rb", buffering=0) as file,
        running(["--output=-", "--decrypt"], view=view, stdin=file, **given) as gpg,
    ):
        decryption = Decryption(gpg, file, limit, None)
        with pytest.raises(ArchiveRejected, match="ARCHIVE_UNSAFE"):
            _read_out(decryption)


def _read_out(decryption: Decryption) -> None:
    while decryption.read():
        pass
    decryption.conclude()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_gpg_that_was_ended_from_outside_says_nothing_of_the_archive(number, pgp_keys, tmp_path) -> None:
    archive = tmp_path / "archive.zip.pgp"
    archive.write_bytes(pgp_keys.seal(b"\0" * (64 << 20), "--compress-algo", "zip"))
    with (
        private_home(pgp_keys.ours.home) as view,
        decrypting(archive, view=view, now=NOW, passphrase=None, limit=1 << 30, digests=("SHA512",)) as decryption,
    ):
        decryption.read()
        (gpg,) = _gpgs_of(view)
        os.kill(gpg, number)
        while decryption.read():
            pass
        with pytest.raises(OpeningStopped):
            decryption.conclude()


def _gpgs_of(view: Path) -> list[int]:
    """Ids of the gpg processes, agents aside, that use `view` as their home."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if words[0] == b"gpg" and f"--homedir={view}".encode() in words:
                found.append(int(path.parent.name))
    return found
