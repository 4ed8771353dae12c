"""The policy on keys and algorithms, rule by rule: refused as it stands, admitted once the source names the exception.

Every message is a real one, and so is every revocation. gpg asks for a reason as 1 to 3 where OpenPGP has 2, 1 and 3.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.fixtures.openpgp import KEYS_MADE, NOW, SIGNED_AT, Gpg, Keys

from cuadre.model.errors import ArchiveRejected
from cuadre.trust import judge, list_keys

CONTENT = b"PK content"
SIGNED_ON = SIGNED_AT.date()
REVOKED_AT = SIGNED_AT + timedelta(days=30)
LINE = {"role": "signer", "fingerprint": "0" * 40, "valid_from": "2026-02-01"}
LATER = REVOKED_AT + timedelta(days=30)
WITHOUT_REASON, COMPROMISED, SUPERSEDED, NO_LONGER_USED = range(4)
REVOKED = {"unsaid": WITHOUT_REASON, "stolen": COMPROMISED, "replaced": SUPERSEDED, "ended": NO_LONGER_USED}


@pytest.fixture(scope="module")
def keys() -> Iterator[Keys]:
    """Signers of every strength and fate, and decryption keys of ours, strong and weak."""
    with tempfile.TemporaryDirectory(prefix="cu-", dir="/tmp") as folder:
        provider, ours = Gpg(Path(folder) / "provider"), Gpg(Path(folder) / "ours")
        try:
            yield _keys(provider, ours)
        finally:
            provider.stop()
            ours.stop()


def _keys(provider: Gpg, ours: Gpg) -> Keys:
    made = {"sender": "ed25519", "nist": "nistp256", "short": "rsa1024", "dsa": "dsa2048", "small": "dsa1024"}
    made |= {**dict.fromkeys(REVOKED, "ed25519"), "twice": "ed25519", "branches": "ed25519"}
    prints = {name: provider.make_key(name, algorithm) for name, algorithm in made.items()}
    provider("--quick-add-key", prints["branches"], "ed25519", "sign", "never", at=KEYS_MADE)
    for name, subkey in {"receiver": "cv25519", "thin": "rsa1024", "elgamal": "elg2048"}.items():
        prints[name] = ours.make_key(name)
        ours("--quick-add-key", prints[name], subkey, "encr", "never", at=KEYS_MADE)
        provider("--import", data=ours.export(name))
    for name in made:
        ours("--import", data=provider.export(name))
    for name, reason in REVOKED.items():
        ours("--import", data=provider.revocation(prints[name], reason, at=REVOKED_AT))
    for reason, at in ((NO_LONGER_USED, REVOKED_AT), (COMPROMISED, LATER)):
        ours("--import", data=provider.revocation(prints["twice"], reason, at=at))
    ours("--import", data=provider.revocation(prints["branches"], SUPERSEDED, at=REVOKED_AT))
    return Keys(provider, ours, prints)


@dataclass(frozen=True)
class Row:
    """A message, the key lines and floors it is judged by at first, and what loosens them; times are days."""

    code: str
    by: str = "sender"
    to: str = "receiver"
    options: tuple[str, ...] = ()
    at: datetime = SIGNED_AT
    line: dict[str, object] | None = None
    floor: dict[str, object] | None = None


def _after(days: int) -> date:
    return SIGNED_ON + timedelta(days=days)


REFUSED_UNTIL_NAMED = {
    "a SHA-1 signature": (
        Row("WEAK_ALGORITHM", options=("--digest-algo", "SHA1")),
        {"floor": {"digests": ["SHA256", "SHA1"]}},
    ),
    "a RIPEMD-160 signature": (
        Row("WEAK_ALGORITHM", options=("--digest-algo", "RIPEMD160")),
        {"floor": {"digests": ["RIPEMD160"]}},
    ),
    "a SHA-224 signature": (
        Row("WEAK_ALGORITHM", options=("--digest-algo", "SHA224")),
        {"floor": {"digests": ["SHA224"]}},
    ),
    "3DES": (Row("WEAK_ALGORITHM", options=("--cipher-algo", "3DES")), {"floor": {"ciphers": ["AES256", "3DES"]}}),
    "CAST5": (Row("WEAK_ALGORITHM", options=("--cipher-algo", "CAST5")), {"floor": {"ciphers": ["CAST5"]}}),
    "an RSA signer of 1024 bits": (Row("WEAK_ALGORITHM", by="short"), {"floor": {"minimum_rsa_bits": 1024}}),
    "a DSA signer": (Row("WEAK_ALGORITHM", by="dsa"), {"floor": {"public_keys": ["DSA", "ECDH"]}}),
    "a short DSA signer": (
        Row("WEAK_ALGORITHM", by="small", floor={"public_keys": ["DSA", "ECDH"], "digests": ["SHA1"]}),
        {"floor": {"public_keys": ["DSA", "ECDH"], "digests": ["SHA1"], "minimum_rsa_bits": 1024}},
    ),
    "an elliptic signer where only RSA is named": (
        Row("WEAK_ALGORITHM", by="nist", floor={"public_keys": ["RSA", "ECDH"]}),
        {"floor": {"public_keys": ["ECDSA", "ECDH"]}},
    ),
    "an RSA decryption key of 1024 bits": (Row("WEAK_ALGORITHM", to="thin"), {"floor": {"minimum_rsa_bits": 1024}}),
    "an ElGamal decryption key": (
        Row("WEAK_ALGORITHM", to="elgamal"),
        {"floor": {"public_keys": ["EDDSA", "ELGAMAL"]}},
    ),
    "a key whose days begin later": (
        Row("SIGNER_NOT_ALLOWED", line={"valid_from": _after(1)}),
        {"line": {"valid_from": _after(0)}},
    ),
    "a key whose days are over": (
        Row("SIGNER_EXPIRED", line={"valid_to": _after(-1)}),
        {"line": {"valid_to": _after(0)}},
    ),
    "a key that had been retired": (
        Row("SIGNER_EXPIRED", line={"retired": _after(-1)}),
        {"line": {"retired": _after(0)}},
    ),
    "a key retired before its days were over": (
        Row("SIGNER_EXPIRED", line={"retired": _after(-1), "valid_to": _after(9)}),
        {"line": {"retired": _after(0), "valid_to": _after(9)}},
    ),
    "a key revoked later as superseded": (
        Row("SIGNER_REVOKED", by="replaced"),
        {"line": {"retired": _after(1)}},
    ),
    "a key revoked later as no longer used": (Row("SIGNER_REVOKED", by="ended"), {"line": {"retired": _after(1)}}),
    "a subkey of a key revoked later as superseded": (
        Row("SIGNER_REVOKED", by="branches"),
        {"line": {"retired": _after(1)}},
    ),
}

NEVER = {
    "a compromised key": Row("SIGNER_REVOKED", line={"compromised": True}),
    "a compromised key that was retired later": Row("SIGNER_REVOKED", line={"compromised": True, "retired": _after(1)}),
    "a revoked key without a reason": Row("SIGNER_REVOKED", by="unsaid", line={"retired": _after(1)}),
    "a key revoked as compromised": Row("SIGNER_REVOKED", by="stolen", line={"retired": _after(1)}),
    "a key revoked as no longer used, then as compromised": Row(
        "SIGNER_REVOKED", by="twice", line={"retired": _after(1)}
    ),
    "a signature after the revocation": Row("SIGNER_REVOKED", by="ended", at=LATER, line={"retired": LATER.date()}),
    "a signature after the retirement": Row("SIGNER_EXPIRED", by="ended", at=SIGNED_AT, line={"retired": _after(-1)}),
}


def _judged(keys: Keys, folder: Path, row: Row) -> str:
    archive = folder / "archive.zip.pgp"
    archive.write_bytes(keys.seal(CONTENT, *row.options, by=row.by, to=row.to, at=row.at))
    trust = keys.trust(keys=(keys.line(row.by, **(row.line or {})),), **(row.floor or {}))
    return judge(archive, trust=trust, home=keys.ours.home, now=LATER + timedelta(days=1)).signer


@pytest.mark.parametrize("row", [row for row, _ in REFUSED_UNTIL_NAMED.values()], ids=list(REFUSED_UNTIL_NAMED))
def test_refused_as_it_stands(keys, tmp_path, row) -> None:
    with pytest.raises(ArchiveRejected) as refused:
        _judged(keys, tmp_path, row)
    assert refused.value.reason.name == row.code


@pytest.mark.parametrize(("row", "named"), REFUSED_UNTIL_NAMED.values(), ids=list(REFUSED_UNTIL_NAMED))
def test_admitted_once_the_source_names_it(keys, tmp_path, row, named) -> None:
    loosened = Row(row.code, row.by, row.to, row.options, row.at, **({"line": row.line, "floor": row.floor} | named))
    assert _judged(keys, tmp_path, loosened) == keys.fingerprints[row.by]


@pytest.mark.parametrize("row", NEVER.values(), ids=list(NEVER))
def test_refused_whatever_the_source_names(keys, tmp_path, row) -> None:
    with pytest.raises(ArchiveRejected) as refused:
        _judged(keys, tmp_path, row)
    assert refused.value.reason.name == row.code


def test_one_compromised_line_among_several_is_enough(keys, tmp_path) -> None:
    archive = tmp_path / "x"
    archive.write_bytes(keys.seal(CONTENT))
    both = (keys.line("sender"), keys.line("sender", valid_to=date(2026, 2, 1), compromised=True))
    assert judge(archive, trust=keys.trust(keys=both[:1]), home=keys.ours.home, now=NOW).signer
    with pytest.raises(ArchiveRejected, match="SIGNER_REVOKED"):
        judge(archive, trust=keys.trust(keys=both), home=keys.ours.home, now=NOW)


def test_a_line_for_decryption_lets_nobody_sign(keys, tmp_path) -> None:
    archive = tmp_path / "x"
    archive.write_bytes(keys.seal(CONTENT, by="nist"))
    lines = (keys.line("sender"), keys.line("nist", role="decryption"))
    with pytest.raises(ArchiveRejected, match="SIGNER_NOT_ALLOWED"):
        judge(archive, trust=keys.trust(keys=lines), home=keys.ours.home, now=NOW)


def test_a_password_instead_of_our_key_is_refused_even_if_it_opens(keys, tmp_path) -> None:
    archive = tmp_path / "x"
    archive.write_bytes(keys.provider("-u", "sender", "--sign", "--symmetric", data=CONTENT, passphrase="known"))
    with pytest.raises(ArchiveRejected, match="NO_DECRYPTION_KEY"):
        judge(archive, trust=keys.trust(), home=keys.ours.home, now=NOW, passphrase="known")


def test_a_revocation_is_listed_with_its_reason_and_moment(keys) -> None:
    listed = {key.fingerprint: key for key in list_keys(keys.ours.home)}
    found = {name: listed[keys.fingerprints[name]].revocation for name in (*REVOKED, "twice", "sender")}
    assert found.pop("sender") is None
    assert {name: revocation.reason for name, revocation in found.items()} == {
        "unsaid": 0,
        "stolen": 2,
        "replaced": 1,
        "ended": 3,
        "twice": 2,
    }
    assert {revocation.made_at for revocation in found.values()} == {REVOKED_AT}
    branch = next(key for key in listed.values() if key.primary == keys.fingerprints["branches"] != key.fingerprint)
    assert branch.revocation == listed[keys.fingerprints["branches"]].revocation


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"digests": ["SHA256", "MD5"]}, "MD5 cannot be allowed"),
        ({"ciphers": ["ROT13"]}, "unknown algorithm"),
        ({"public_keys": ["RSA1024"]}, "unknown algorithm"),
        ({"minimum_rsa_bits": 512}, "greater than or equal to 1024"),
        ({"keys": []}, "at least one key with the role signer"),
        ({"keys": [{**LINE, "retired": "2026-01-01"}]}, "retired lies before"),
        ({"keys": [{**LINE, "valid_to": "2026-01-01"}]}, "valid_to lies before"),
    ],
)
def test_what_cannot_be_named_is_refused_with_the_source_file(keys, changes, said) -> None:
    with pytest.raises(ValidationError, match=said):
        keys.trust(**changes)
