"""Our own detached signatures, with real GnuPG: whose they are, and what they do not say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.fixtures.openpgp import KEYS_MADE, NOW, Gpg

from cuadre.model.errors import ConfigurationError, ReceiptInvalid
from cuadre.trust.signing import sign, verify

CONTENT = b'{"a":1}\n'
PASSPHRASE = "correct horse"


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gpg]:
    home = Gpg(tmp_path_factory.mktemp("operator"))
    yield home
    home.stop()


@pytest.fixture(scope="module")
def key(operator: Gpg) -> str:
    return operator.make_key("operator", passphrase=PASSPHRASE)


@pytest.fixture(scope="module")
def other(operator: Gpg) -> str:
    return operator.make_key("other")


@pytest.fixture(scope="module")
def signature(operator: Gpg, key: str) -> bytes:
    return sign(CONTENT, home=operator.home, key=key, now=NOW, passphrase=PASSPHRASE)


def test_a_signature_says_who_and_when(operator: Gpg, key: str, signature: bytes) -> None:
    assert signature.startswith(b"-----BEGIN PGP SIGNATURE-----")
    for signers in ((), (key,), (key, "0" * 40)):
        signed = verify(CONTENT, signature, home=operator.home, now=NOW + timedelta(days=4000), signers=signers)
        assert (signed.signer, signed.at) == (key, NOW)


def test_the_same_content_at_the_same_moment_gives_the_same_signature(
    operator: Gpg, key: str, signature: bytes
) -> None:
    assert sign(CONTENT, home=operator.home, key=key, now=NOW, passphrase=PASSPHRASE) == signature


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content, signature: (content + b" ", signature), "edited"),
        (lambda content, _: (content, b""), "one good signature"),
        (lambda content, _: (content, b"nonsense"), "one good signature"),
        (lambda content, signature: (content, signature + signature), "one good signature"),
    ],
)
def test_anything_else_is_refused(
    operator: Gpg, signature: bytes, change: Callable[[bytes, bytes], tuple[bytes, bytes]], said: str
) -> None:
    with pytest.raises(ReceiptInvalid, match=said):
        verify(*change(CONTENT, signature), home=operator.home, now=NOW)


def test_another_key_of_the_ring_is_not_the_one_asked_for(operator: Gpg, key: str, other: str) -> None:
    theirs = sign(CONTENT, home=operator.home, key=other, now=NOW)
    with pytest.raises(ReceiptInvalid, match=f"signed by {other}"):
        verify(CONTENT, theirs, home=operator.home, now=NOW, signers=(key,))


def test_a_stranger_is_not_in_the_key_ring(operator: Gpg, tmp_path: Path) -> None:
    home = Gpg(tmp_path / "g")
    theirs = sign(CONTENT, home=home.home, key=home.make_key("stranger"), now=NOW)
    home.stop()
    with pytest.raises(ReceiptInvalid, match="somebody else"):
        verify(CONTENT, theirs, home=operator.home, now=NOW)


def test_a_weak_digest_proves_nothing(operator: Gpg, other: str) -> None:
    weak = operator("--local-user", other, "--digest-algo", "RIPEMD160", "--armor", "--detach-sign", data=CONTENT)
    with pytest.raises(ReceiptInvalid, match="RIPEMD160"):
        verify(CONTENT, weak, home=operator.home, now=NOW)


def test_a_signature_from_the_future_is_no_good_one(operator: Gpg, other: str) -> None:
    early = NOW - timedelta(days=2)
    assert verify(CONTENT, sign(CONTENT, home=operator.home, key=other, now=early), home=operator.home, now=NOW)
    with pytest.raises(ReceiptInvalid, match="future"):
        verify(CONTENT, sign(CONTENT, home=operator.home, key=other, now=NOW), home=operator.home, now=early)


def test_a_key_that_expired_since_is_no_objection_and_a_revoked_one_is(tmp_path: Path) -> None:
    home = Gpg(tmp_path / "g")
    made = home.make_key("short lived")
    home("--quick-set-expire", made, (NOW + timedelta(days=10)).date().isoformat(), at=KEYS_MADE + timedelta(days=1))
    signature = sign(CONTENT, home=home.home, key=made, now=NOW)
    assert verify(CONTENT, signature, home=home.home, now=NOW + timedelta(days=1000)).signer == made
    with pytest.raises(ConfigurationError, match="can sign now"):
        sign(CONTENT, home=home.home, key=made, now=NOW + timedelta(days=11))
    certificate = (home.home / "openpgp-revocs.d" / f"{made}.rev").read_text()
    home("--import", data=certificate.replace(":-----BEGIN", "-----BEGIN").encode())
    home.stop()
    with pytest.raises(ReceiptInvalid, match="revoked"):
        verify(CONTENT, signature, home=home.home, now=datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("passphrase", [None, "wrong horse"])
def test_a_wrong_passphrase_is_said_and_never_shown(operator: Gpg, key: str, passphrase: str | None) -> None:
    with pytest.raises(ConfigurationError, match="missing or wrong") as refusal:
        sign(CONTENT, home=operator.home, key=key, now=NOW, passphrase=passphrase)
    assert "horse" not in str(refusal.value)


def test_a_key_that_is_not_there_is_said(operator: Gpg) -> None:
    with pytest.raises(ConfigurationError, match="no secret key"):
        sign(CONTENT, home=operator.home, key="0" * 40, now=NOW)


def test_nothing_stays_open(operator: Gpg, key: str) -> None:
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    for _ in range(2):
        sign(CONTENT, home=operator.home, key=key, now=NOW, passphrase=PASSPHRASE)
    assert len(list(descriptors.iterdir())) == before
