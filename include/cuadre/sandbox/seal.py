"""Sealing as an honest provider does it, in the shape that the source names; everything is binary OpenPGP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cuadre.config.naming import SIGNATURE_SUFFIXES
from cuadre.config.trust import Shape
from cuadre.sandbox.keys import Keys, gnupg


@dataclass(frozen=True, slots=True)
class Sealing:
    """One message to be made: the plain file, where it goes, with which keys, when, and where its signature stands."""

    plain: Path
    out: Path
    keys: Keys
    moment: datetime
    shape: Shape = "signed_then_encrypted"


def seal(sealing: Sealing) -> Path | None:
    """Sign as the sender and encrypt to the receiver; the signature's file where the shape has one."""
    if sealing.shape == "signed_then_encrypted":
        run(sealing, "--sign", "--encrypt")
        return None
    if sealing.shape == "encrypted_then_signed":
        inner = sealing.plain.with_name("inner.pgp")
        run(sealing, "--encrypt", out=inner)
        run(sealing, "--sign", plain=inner)
        return None
    signature = sealing.out.with_name(sealing.out.name + SIGNATURE_SUFFIXES[0])
    run(sealing, "--encrypt")
    signed = sealing.out if sealing.shape == "detached_over_ciphertext" else sealing.plain
    run(sealing, "--detach-sign", plain=signed, out=signature)
    return signature


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
