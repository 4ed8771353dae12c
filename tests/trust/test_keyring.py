"""The key ring as the command line shows it, and the private view every run works in."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import subprocess
import threading
import traceback
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.fixtures.openpgp import KEYS_MADE, NOW, Gpg

from cuadre.model.errors import ConfigurationError, OpeningStopped
from cuadre.trust import import_keys, judge, list_keys, private_home
from cuadre.trust.home import environment


def test_keys_are_listed_without_e_mail_addresses(pgp_keys) -> None:
    keys = {key.fingerprint: key for key in list_keys(pgp_keys.ours.home)}
    sender = keys[pgp_keys.fingerprints["sender"]]
    assert (sender.user_id, sender.created, sender.expires, sender.secret) == ("sender", KEYS_MADE, None, False)
    assert "s" in sender.capabilities
    assert keys[pgp_keys.fingerprints["outdated"]].expires.date() == date(2026, 2, 1)
    assert keys[pgp_keys.fingerprints["revoked"]].revoked
    ours = [key for key in keys.values() if key.secret and "e" in key.capabilities]
    assert [key.primary for key in ours] == [pgp_keys.fingerprints["receiver"]]


@pytest.mark.parametrize("name", ["a\u0085rev", "b\u2028pub", "c\u202ed", "[GNUPG:] IMPORT_OK 1 0123"])
def test_a_name_made_to_break_listings_or_terminals_does_neither(name: str, tmp_path: Path) -> None:
    other, file = Gpg(tmp_path / "other"), tmp_path / "key"
    other("--quick-gen-key", "--allow-freeform-uid", name, "ed25519", "sign", "never", at=KEYS_MADE)
    file.write_bytes(other("--export"))
    other.stop()
    (key,) = import_keys(tmp_path / "home", file)
    assert key.user_id == "".join(each if each.isprintable() else "?" for each in name)
    assert list_keys(tmp_path / "home") == (key,)


def test_an_import_gives_the_fingerprints_and_is_there_afterwards(pgp_keys, tmp_path) -> None:
    file = tmp_path / "key.asc"
    file.write_bytes(pgp_keys.provider("--armor", "--export", "sender"))
    home = tmp_path / "a" / "home"
    for _ in range(2):
        assert [key.fingerprint for key in import_keys(home, file)] == [pgp_keys.fingerprints["sender"]]
    assert [key.fingerprint for key in list_keys(home)] == [pgp_keys.fingerprints["sender"]]


def test_a_secret_key_can_be_imported_into_a_deep_home_and_used(pgp_keys, tmp_path) -> None:
    file = tmp_path / "secret.pgp"
    file.write_bytes(pgp_keys.ours.export("receiver", secret=True))
    public = tmp_path / "public.pgp"
    public.write_bytes(pgp_keys.provider.export("sender"))
    home = tmp_path / ("deep-" * 20) / ("deeper-" * 20)
    brought = import_keys(home, file)
    assert {key.primary for key in brought} == {pgp_keys.fingerprints["receiver"]}
    assert all(key.secret for key in brought)
    import_keys(home, public)
    archive = tmp_path / "x"
    archive.write_bytes(pgp_keys.seal(b"PK"))
    assert judge(archive, trust=pgp_keys.trust(), home=home, now=NOW).signer == pgp_keys.fingerprints["sender"]


def test_a_file_without_a_key_is_refused(tmp_path) -> None:
    (tmp_path / "x").write_text("nothing")
    with pytest.raises(ConfigurationError, match="no OpenPGP key"):
        import_keys(tmp_path / "home", tmp_path / "x")


def test_runs_at_the_same_time_do_not_stop_each_other(pgp_keys, tmp_path) -> None:
    archive = tmp_path / "x"
    archive.write_bytes(pgp_keys.seal(b"PK" * 1000))
    signers: list[str] = []

    def run() -> None:
        for _ in range(3):
            signers.append(judge(archive, trust=pgp_keys.trust(), home=pgp_keys.ours.home, now=NOW).signer)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert signers == [pgp_keys.fingerprints["sender"]] * 9


def test_a_passphrase_opens_the_key_and_a_wrong_one_is_our_fault(pgp_keys, tmp_path) -> None:
    guarded = Gpg(pgp_keys.ours.home.parent / "guarded")
    try:
        guarded("--import", data=pgp_keys.provider.export("sender"))
        guarded.make_key("guarded", encrypts=True, passphrase="open sesame")
        pgp_keys.provider("--import", data=guarded.export("guarded"))
        archive = tmp_path / "x"
        archive.write_bytes(pgp_keys.seal(b"PK", to="guarded"))
        verdict = judge(archive, trust=pgp_keys.trust(), home=guarded.home, now=NOW, passphrase="open sesame")
        assert verdict.signer == pgp_keys.fingerprints["sender"]
        for wrong in ("shut", None):
            with pytest.raises(ConfigurationError, match="does not open"):
                judge(archive, trust=pgp_keys.trust(), home=guarded.home, now=NOW, passphrase=wrong)
    finally:
        guarded.stop()


def test_no_passphrase_and_no_secret_key_is_on_a_command_line_in_an_environment_a_log_or_an_error(
    pgp_keys, tmp_path, caplog
) -> None:
    phrase, guarded = "open-sesame-4711", Gpg(pgp_keys.ours.home.parent / "whispered")
    try:
        guarded.make_key("whispered", encrypts=True, passphrase=phrase)
        pgp_keys.provider("--import", data=guarded.export("whispered"))
        secret = tmp_path / "secret.asc"
        secret.write_bytes(guarded("--armor", "--export-secret-keys", "whispered", passphrase=phrase))
    finally:
        guarded.stop()
    (tmp_path / "public").write_bytes(pgp_keys.provider.export("sender"))
    archive, home = tmp_path / "x", tmp_path / "home"
    archive.write_bytes(pgp_keys.seal(os.urandom(8 << 20), to="whispered"))
    with caplog.at_level(logging.DEBUG), _watching_gpg() as seen:
        import_keys(home, secret)
        import_keys(home, tmp_path / "public")
        assert judge(archive, trust=pgp_keys.trust(), home=home, now=NOW, passphrase=phrase).signer
        with pytest.raises(ConfigurationError) as refused:
            judge(archive, trust=pgp_keys.trust(), home=home, now=NOW, passphrase=phrase + "-not")
    assert any("--decrypt" in each for each in seen)
    told = [*seen, caplog.text, "".join(traceback.format_exception(refused.value))]
    secret_line = secret.read_text().splitlines()[3]
    assert [each for each in told if phrase in each or secret_line in each] == []


@contextlib.contextmanager
def _watching_gpg() -> Iterator[set[str]]:
    """Every command line there is, and the environment of every gpg, looked at over and over until the block ends."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.01):
            for process in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    line = (process / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
                    seen.add(line)
                    if line.startswith("gpg"):
                        seen.add((process / "environ").read_bytes().decode(errors="replace"))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def test_the_view_and_its_agent_are_gone_afterwards(pgp_keys) -> None:
    with private_home(pgp_keys.ours.home) as view:
        assert len(str(view)) < 80
        assert view.stat().st_mode & 0o777 == 0o700
        subprocess.run(["gpg-connect-agent", "--homedir", str(view), "/bye"], check=True, env=environment())
    assert not view.exists()
    assert not _processes_of(view)


def test_a_view_left_by_a_crash_is_swept_by_the_next_run(pgp_keys) -> None:
    with private_home(pgp_keys.ours.home) as view:
        left = view.with_name(view.name + "-left")
        left.mkdir()
        (left / "private-keys-v1.d").symlink_to(pgp_keys.ours.home / "private-keys-v1.d")
    with private_home(pgp_keys.ours.home):
        assert not left.exists()
    assert (pgp_keys.ours.home / "pubring.kbx").exists()
    assert any((pgp_keys.ours.home / "private-keys-v1.d").iterdir())


def test_options_in_the_home_have_no_say(pgp_keys, tmp_path) -> None:
    home = Path(shutil.copytree(pgp_keys.ours.home, tmp_path / "home", ignore=shutil.ignore_patterns("S.*")))
    (home / "gpg.conf").write_text("this-option-does-not-exist\n")
    (home / "gpg-agent.conf").write_text("neither-does-this\n")
    archive = tmp_path / "x"
    archive.write_bytes(pgp_keys.seal(b"PK"))
    assert judge(archive, trust=pgp_keys.trust(), home=home, now=NOW + timedelta(hours=1)).signer


def _processes_of(view: Path) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes().decode(errors="replace"))
    return [line for line in found if str(view) in line]


@pytest.mark.parametrize(("content", "error"), [(b"damaged", ConfigurationError), (b"", OpeningStopped)])
def test_a_key_of_ours_that_is_damaged_is_not_blamed_on_the_archive(content, error, pgp_keys, tmp_path) -> None:
    home = tmp_path / "home"
    shutil.copytree(pgp_keys.ours.home, home, ignore=shutil.ignore_patterns("S.*"))
    for key in (home / "private-keys-v1.d").iterdir():
        key.write_bytes(content)
    archive = tmp_path / "archive"
    archive.write_bytes(pgp_keys.seal(b"content"))
    with pytest.raises(error):
        judge(archive, trust=pgp_keys.trust(), home=home, now=NOW)
