"""The run book of keys, walked through: both sides rotate twice, and the whole history is admitted again afterwards.

Commands for gpg are taken from the page itself; a small program before gpg in the path gives it the test's clock.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
import yaml
from tests.fixtures.openpgp import Gpg

from cuadre.cli.app import app
from cuadre.config import Source, load_source
from cuadre.model.codes import Verdict
from cuadre.pipeline.admit import admit
from cuadre.sandbox.archive import make_archive
from cuadre.sandbox.keys import gnupg, sandbox_keys, use_keys
from cuadre.trust import check_keys, import_keys

PAGE = (Path(__file__).parents[2] / "docs" / "runbooks" / "rotate_keys.md").read_text(encoding="utf-8")
SUPERSEDED = 2
FIRST, SECOND, THIRD = date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)
OVERLAP = timedelta(days=90)
SINCE, MID_SPRING, MID_SUMMER = date(2026, 3, 10), date(2026, 5, 20), date(2026, 8, 20)
JUDGED_AT = datetime(2026, 12, 1, tzinfo=UTC)


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(9), UTC)


@dataclass
class Merchant:
    """A key ring, a reviewed list of key lines, and a provider on the other side."""

    root: Path
    example: Source
    lines: list[dict[str, object]] = field(default_factory=list)

    def source(self, **trust: object) -> Source:
        data = self.example.model_dump(mode="json", exclude_unset=True)
        data["trust"] |= {"keyring": {"folder": str(self.keyring)}, "keys": self.lines, **trust}
        (self.root / "source.yaml").write_text(yaml.safe_dump(data))
        return load_source(self.root / "source.yaml")

    @property
    def keyring(self) -> Path:
        return self.root / "keyring"

    def add(self, role: str, fingerprint: str, valid_from: date) -> None:
        """The new line, and the old one's last day."""
        for line in self.lines:
            if line["role"] == role and "valid_to" not in line:
                line["valid_to"] = str(valid_from + OVERLAP)
        self.lines.append({"role": role, "fingerprint": fingerprint, "valid_from": str(valid_from)})

    def retire(self, fingerprint: str, on: date) -> None:
        next(line for line in self.lines if line["fingerprint"] == fingerprint)["retired"] = str(on)

    def due(self, on: date) -> set[str]:
        found = check_keys(self.keyring, self.source().trust, _moment(on))
        return {warning.role for warning in found if warning.severity != "info"}

    def made(self, day: date, sender: str, receiver: str) -> Path:
        """The provider's archive of `day`, sealed the morning after."""
        use_keys(self.root, sender, receiver)
        out = self.root / f"{day}-{sender[:8]}"
        at = _moment(day + timedelta(days=1))
        return make_archive(self.example, day, lines=40, seed=1, out=out, keys=self.root, signed_at=at).archives[0]

    def reason(self, archive: Path) -> str | None:
        """Why today's key ring and source file refuse the archive; None when they admit it."""
        admission = admit(
            archive, self.source(), keyring=self.keyring, out=self.root / "lake" / archive.parent.name, now=JUDGED_AT
        )
        assert admission.lines == 40 or admission.verdict is Verdict.REJECTED
        return admission.reason


def _rotate_theirs(merchant: Merchant, day: date) -> str:
    """New key at the provider, imported by us, named in the source file."""
    with gnupg(merchant.root / "provider") as theirs:
        fingerprint = theirs.make_key(f"provider {day}")
        (merchant.root / "new.asc").write_bytes(theirs.public(fingerprint))
    assert [key.fingerprint for key in import_keys(merchant.keyring, merchant.root / "new.asc")] == [fingerprint]
    merchant.add("signer", fingerprint, day)
    return fingerprint


def _rotate_ours(merchant: Merchant, day: date) -> str:
    """Our new key, made as the page says, named in the source file and sent to the provider."""
    name = f"Merchant settlements {day:%Y-%m}"
    generate, subkey = re.findall(r"^ +(gpg .+)$", PAGE, re.MULTILINE)
    (export,) = re.findall(r"`(gpg [^`]+)`", PAGE)
    _shell(merchant, generate.replace("Merchant settlements 2026-04", name), day)
    with gnupg(merchant.keyring) as ours:
        fingerprint = ours.find(name)
    assert fingerprint
    _shell(merchant, subkey.replace("FINGERPRINT", fingerprint), day)
    public = _shell(merchant, export.replace("FINGERPRINT", fingerprint), day)
    with gnupg(merchant.root / "provider") as theirs:
        theirs.take(public)
    merchant.add("decryption", fingerprint, day)
    return fingerprint


def _shell(merchant: Merchant, command: str, day: date) -> bytes:
    """Run a command of the page, as of `day`, with nobody there to ask for a passphrase."""
    before = merchant.root / "bin"
    before.mkdir(exist_ok=True)
    clock = _moment(day).strftime("%Y%m%dT%H%M%S!")
    options = f"--batch --quiet --passphrase '' --pinentry-mode loopback --faked-system-time {clock}"
    (before / "gpg").write_text(f'#!/bin/sh\nexec {shutil.which("gpg")} {options} "$@"\n')
    (before / "gpg").chmod(0o700)
    with gnupg(merchant.keyring) as ours:
        environment = {"PATH": f"{before}:{os.environ['PATH']}", "CUADRE_KEYRING": str(ours.home)}
        return subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory, sandbox_source: Source):
    """Two rotations of both sides; the archives of before, during and after, with whether they are to be admitted."""
    merchant = Merchant(tmp_path_factory.mktemp("rotation"), sandbox_source)
    first = sandbox_keys(merchant.root)
    merchant.add("signer", first.sender, FIRST)
    merchant.add("decryption", first.receiver, FIRST)
    archives = {"before": merchant.made(SINCE, first.sender, first.receiver)}
    assert merchant.due(SECOND - timedelta(days=46)) == set()
    assert merchant.due(SECOND - timedelta(days=45)) == {"signer", "decryption"}
    sender, receiver = _rotate_theirs(merchant, SECOND), _rotate_ours(merchant, SECOND)
    assert merchant.due(SECOND) == set()
    for number, (by, to) in enumerate(
        ((first.sender, first.receiver), (first.sender, receiver), (sender, first.receiver), (sender, receiver))
    ):
        archives[f"first overlap {number}"] = merchant.made(SECOND + timedelta(days=number), by, to)
    archives["late"] = merchant.made(MID_SPRING, first.sender, receiver)
    merchant.retire(first.sender, MID_SPRING - timedelta(days=1))
    merchant.retire(first.receiver, MID_SPRING)
    assert merchant.due(THIRD - timedelta(days=1)) == {"signer", "decryption"}
    last_sender, last_receiver = _rotate_theirs(merchant, THIRD), _rotate_ours(merchant, THIRD)
    archives["second overlap"] = merchant.made(THIRD + timedelta(days=3), sender, receiver)
    archives["second overlap, new keys"] = merchant.made(THIRD + timedelta(days=4), last_sender, last_receiver)
    merchant.retire(sender, MID_SUMMER)
    merchant.retire(receiver, MID_SUMMER)
    archives["after"] = merchant.made(MID_SUMMER + timedelta(days=60), last_sender, last_receiver)
    with gnupg(merchant.root / "provider") as theirs:  # its owner gives the first key up for good, in good order
        certificate = Gpg(theirs.home).revocation(first.sender, SUPERSEDED, at=_moment(THIRD))
    with gnupg(merchant.keyring) as ours:
        ours.take(certificate)
    assert merchant.due(THIRD + timedelta(days=5)) == set()
    return merchant, archives


def test_the_whole_history_is_admitted_with_the_final_key_ring(rotated) -> None:
    merchant, archives = rotated
    reasons = {name: merchant.reason(archive) for name, archive in archives.items()}
    assert reasons.pop("late") == "SIGNER_EXPIRED"
    assert len(reasons) == 8
    assert set(reasons.values()) == {None}


def test_a_retired_key_that_turns_out_to_be_stolen_takes_its_whole_history_along(rotated) -> None:
    merchant, archives = rotated
    second = next(line for line in merchant.lines if line["valid_from"] == str(SECOND) and line["role"] == "signer")
    second["compromised"] = True
    try:
        assert merchant.reason(archives["first overlap 3"]) == "SIGNER_REVOKED"
        assert merchant.reason(archives["before"]) is None
    finally:
        del second["compromised"]


def test_the_page_names_commands_and_options_there_are() -> None:
    named = re.findall(r"^(cuadre .+)$|`(cuadre [^`]+)`", PAGE, re.MULTILINE)
    assert len(named) >= 4
    for command in (shlex.split(one or other) for one, other in named):
        options = _options(command[1:])
        assert {word for word in command if word.startswith("--")} <= options, command


def _options(words: list[str]) -> set[str]:
    import typer.main

    command = typer.main.get_command(app)
    for word in words:
        if word not in getattr(command, "commands", {}):
            break
        command = command.commands[word]
    return {option for parameter in command.params for option in parameter.opts}
