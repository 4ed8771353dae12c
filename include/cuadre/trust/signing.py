"""Our own signatures: detached, by the operator's key, made and checked with GnuPG. What is signed is others' business.

As with a provider's message, exit codes prove nothing: a signature counts by gpg's status lines only. The passphrase
goes through a pipe, and neither it nor gpg's words get into an error.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cuadre.model.errors import ConfigurationError, ReceiptInvalid, SigningFailed
from cuadre.trust.home import OPTIONS, environment, private_home
from cuadre.trust.listing import keys_in
from cuadre.trust.status import Statement, ValidSignature, read_status

DIGESTS = ("SHA256", "SHA384", "SHA512")
CLOCK_SKEW = timedelta(minutes=5)
PATIENCE_SECONDS = 60.0

_WRONG_PASSPHRASE = (11, 99, 177)
"""libgpg-error: bad passphrase, canceled, no passphrase."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed, by primary fingerprint, and when (UTC)."""

    signer: str
    at: datetime


def sign(content: bytes, *, home: Path, key: str, now: datetime, passphrase: str | None = None) -> bytes:
    """An armoured detached signature over `content` by the secret key `key` in `home`, dated `now`.

    Raises:
        ConfigurationError: the key is not there, is not usable at `now`, or its passphrase is wrong.
        SigningFailed: gpg failed otherwise.
    """
    arguments = ["--local-user", key, "--digest-algo", "SHA256", "--armor", "--no-comments", "--no-emit-version"]
    arguments += ["--output=-", "--detach-sign"]
    with private_home(home) as view:
        signature, statement = _gpg(view, arguments, content, now, passphrase)
    if "SIG_CREATED" in statement.words and signature:
        return signature
    if "INV_SGNR" in statement.words:
        raise ConfigurationError(f"The key ring {home} has no secret key {key} that can sign now; see its expiry.")
    if _failure(statement) in _WRONG_PASSPHRASE:
        raise ConfigurationError(f"The passphrase of the signing key {key} is missing or wrong.")
    raise SigningFailed("GnuPG could not sign; look at its agent and at the disk.")


def verify(content: bytes, signature: bytes, *, home: Path, now: datetime, signers: Collection[str] = ()) -> Signed:
    """Who signed `content`: one of `signers`, primary fingerprints, or of all keys in `home` when none are named.

    A key that has expired since is no objection; one that is revoked is.

    Raises:
        ReceiptInvalid: it is not signed so.
        ConfigurationError: `home` is no GnuPG home.
    """
    with private_home(home) as view:
        detached = view / "signature"
        detached.write_bytes(signature)
        _, statement = _gpg(view, ["--verify", str(detached), "-"], content, now, None)
        valid = _believed(statement)
        used = [key for key in keys_in(view) if key.fingerprint in (valid.fingerprint, valid.primary)]
    if any(key.revoked for key in used):  # of a key that has expired as well, the status lines say only that
        raise ReceiptInvalid("It is signed by a key that is revoked.")
    if any(key.expires is not None and valid.made_at >= key.expires for key in used):
        raise ReceiptInvalid("It was signed after its key had expired.")
    if valid.made_at > now + CLOCK_SKEW:
        raise ReceiptInvalid("It is signed in the future: see which clock is wrong.")
    if signers and valid.primary not in signers:
        raise ReceiptInvalid(f"It is signed by {valid.primary}, which is not the operator's key.")
    return Signed(valid.primary, valid.made_at)


def _gpg(
    view: Path, arguments: list[str], content: bytes, now: datetime, passphrase: str | None
) -> tuple[bytes, Statement]:
    """What gpg wrote, and what it said, when it was given `content` and believed it was `now`."""
    status_out, status_in = os.pipe()
    pass_out, pass_in = os.pipe()
    with os.fdopen(pass_in, "wb") as pipe:
        pipe.write((passphrase or "").encode() + b"\n")
    clock = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S")
    command = ["gpg", *OPTIONS, f"--homedir={view}", f"--status-fd={status_in}", f"--passphrase-fd={pass_out}"]
    try:
        done = subprocess.run(
            [*command, f"--faked-system-time={clock}!", *arguments],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(status_in, pass_out),
            env=environment(),
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        os.close(status_out)
        raise SigningFailed(f"GnuPG did not answer within {PATIENCE_SECONDS:.0f} s.") from None
    finally:
        os.close(status_in)
        os.close(pass_out)
    with os.fdopen(status_out, encoding="utf-8", errors="replace", newline="\n") as lines:
        return done.stdout, read_status(lines)


def _believed(statement: Statement) -> ValidSignature:
    """The one good signature of the statement."""
    if "BADSIG" in statement.words:
        raise ReceiptInvalid("It is not what was signed: it was edited, or the signature is another's.")
    if "NO_PUBKEY" in statement.words:
        raise ReceiptInvalid("It is signed by a key that is not in the key ring, so by somebody else.")
    good = statement.words & {"GOODSIG", "EXPKEYSIG", "REVKEYSIG"}
    if len(statement.valid) != 1 or statement.count("NEWSIG") != 1 or not good or statement.failed:
        raise ReceiptInvalid("The signature file does not hold one good signature.")
    (valid,) = statement.valid
    if valid.digest not in DIGESTS:
        raise ReceiptInvalid(f"It is signed over a {valid.digest} digest, which proves nothing.")
    return valid


def _failure(statement: Statement) -> int | None:
    """The libgpg-error code that gpg gave up with."""
    for line in statement.lines:
        if line.startswith("FAILURE "):
            return int(line.split()[-1]) & 0xFFFF
    return None
