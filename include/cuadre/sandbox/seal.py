"""Sealing as an honest provider does it: signed, then encrypted, one binary OpenPGP message."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cuadre.sandbox.keys import Keys, gnupg


def seal(plain: Path, out: Path, keys: Keys, moment: datetime) -> None:
    """Sign `plain` as the sender at `moment` and encrypt it to the receiver into `out`."""
    with gnupg(keys.provider) as gpg:
        gpg.run(
            [
                *("--local-user", f"{keys.sender}!", "--recipient", keys.receiver),
                *("--digest-algo", "SHA512", "--cipher-algo", "AES256", "--compress-algo", "none"),
                *(
                    "--set-filename",
                    out.name.removesuffix(".pgp"),
                    "--output",
                    str(out),
                    "--sign",
                    "--encrypt",
                    str(plain),
                ),
            ],
            at=moment,
        )
