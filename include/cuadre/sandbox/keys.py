"""The sandbox's key pairs: one of the receiver, one of the sender, each in its own GnuPG home.

`keyring/` is what the receiver owns: the secret decryption key and the sender's public key. `provider/` is the other
side: the sender's secret key and the receiver's public key. Keys carry no passphrase: they guard nothing but samples.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from cuadre.model.errors import ConfigurationError

MADE_ON = date(2020, 1, 1)
"""Creation date of all sandbox keys: earlier than any day to be played through."""
SENDER, RECEIVER = "Cuadre sandbox provider", "Cuadre sandbox merchant"
OPERATOR = "Cuadre sandbox operator"


@dataclass(frozen=True, slots=True)
class Keys:
    """Both GnuPG homes and the primary fingerprints of sender and receiver."""

    keyring: Path
    provider: Path
    sender: str
    receiver: str


class Gpg:
    """GnuPG on one home. `at` is the moment it believes it is."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, arguments: Sequence[str], *, at: datetime | None = None, data: bytes | None = None) -> bytes:
        """Standard output of one call; ConfigurationError when GnuPG fails."""
        command = ["gpg", "--homedir", str(self.home), "--batch", "--yes", "--no-tty", "--quiet"]
        command += ["--pinentry-mode", "loopback", "--passphrase", "", "--trust-model", "always"]
        if at is not None:
            command += ["--faked-system-time", f"{at.astimezone(UTC):%Y%m%dT%H%M%S}!"]
        done = subprocess.run([*command, *arguments], input=data, capture_output=True, check=False)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise ConfigurationError(f"GnuPG failed in the sandbox: {said[-1] if said else 'no message'}")
        return done.stdout

    def make_key(self, name: str, algorithm: str = "ed25519", *, encrypts: bool = False) -> str:
        """Make a key pair without passphrase; its primary fingerprint."""
        at = datetime(MADE_ON.year, MADE_ON.month, MADE_ON.day, tzinfo=UTC)
        self.run(["--quick-generate-key", name, algorithm, "sign", "never"], at=at)
        fingerprint = self.find(name) or ""
        if encrypts:
            self.run(["--quick-add-key", fingerprint, "cv25519", "encr", "never"], at=at)
        return fingerprint

    def find(self, name: str) -> str | None:
        """Primary fingerprint of the key called exactly `name`; None when there is none."""
        primary = None
        for fields in (line.split(":") for line in self.run(["--with-colons", "--list-keys"]).decode().splitlines()):
            if fields[0] == "fpr" and primary is None:
                primary = fields[9]
            elif fields[0] == "pub":
                primary = None
            elif fields[0] == "uid" and fields[9] == name:
                return primary
        return None

    def public(self, fingerprint: str) -> bytes:
        """The public key, binary."""
        return self.run(["--export", fingerprint])

    def take(self, keys: bytes) -> None:
        """Import keys."""
        self.run(["--import"], data=keys)


@contextmanager
def gnupg(home: Path) -> Iterator[Gpg]:
    """GnuPG on `home` through a short path, since its agent's socket must not have a long one; no agent stays."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    with tempfile.TemporaryDirectory(prefix="cuadre-") as folder:
        link = Path(folder) / "home"
        link.symlink_to(home.resolve(), target_is_directory=True)
        try:
            yield Gpg(link)
        finally:
            subprocess.run(["gpgconf", "--homedir", str(link), "--kill", "all"], capture_output=True, check=False)


def sandbox_keys(folder: Path) -> Keys:
    """The keys below `folder`, made when there are none."""
    keyring, provider, note = folder / "keyring", folder / "provider", folder / "provider" / "keys.json"
    if note.exists():
        known = json.loads(note.read_text())
        return Keys(keyring, provider, known["sender"], known["receiver"])
    with gnupg(provider) as theirs, gnupg(keyring) as ours:
        sender = theirs.make_key(SENDER)
        receiver = ours.make_key(RECEIVER, encrypts=True)
        ours.take(theirs.public(sender))
        theirs.take(ours.public(receiver))
    return use_keys(folder, sender, receiver)


def use_keys(folder: Path, sender: str, receiver: str) -> Keys:
    """From now on the days made with `folder` are sealed by `sender` to `receiver`, which its homes must hold."""
    keys = Keys(folder / "keyring", folder / "provider", sender, receiver)
    (keys.provider / "keys.json").write_text(json.dumps({"sender": sender, "receiver": receiver}) + "\n")
    return keys


def operator_key(home: Path) -> str:
    """Primary fingerprint of the key in `home` that signs receipts, made when there is none."""
    with gnupg(home) as ours:
        return (ours.find(OPERATOR) if any(home.iterdir()) else None) or ours.make_key(OPERATOR)
