"""Sealing as an honest provider does it: signed, then encrypted, one binary OpenPGP message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cuadre.sandbox.keys import Keys, gnupg


@dataclass(frozen=True, slots=True)
class Sealing:
    """One message to be made: the plain file, where it goes, with which keys, and when."""

    plain: Path
    out: Path
    keys: Keys
    moment: datetime


def seal(sealing: Sealing) -> None:
    """Sign as the sender and encrypt to the receiver."""
    run(sealing, "--sign", "--encrypt")


def run(
    sealing: Sealing,
    *what: str,
    signer: str | None = None,
    recipient: str | None = None,
    plain: Path | None = None,
    out: Path | None = None,
    moment: datetime | None = None,
    digest: str = "SHA512",
    cipher: str = "AES256",
) -> None:
    """Do `what` (GnuPG's own words: --sign, --encrypt, ...) in the provider's home; what is not given is honest."""
    target = out or sealing.out
    with gnupg(sealing.keys.provider) as gpg:
        gpg.run(
            [
                *("--local-user", f"{signer or sealing.keys.sender}!"),
                *("--recipient", recipient or sealing.keys.receiver),
                *("--digest-algo", digest, "--cipher-algo", cipher, "--compress-algo", "none"),
                *(() if "--no-literal" in what else ("--set-filename", target.name.removesuffix(".pgp"))),
                *("--output", str(target)),
                *what,
                str(plain or sealing.plain),
            ],
            at=moment or sealing.moment,
        )
