"""Every fault of an archive is what it says it is, and is refused with its own code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cuadre.config import Source, load_source
from cuadre.model.codes import RejectionReason, Verdict
from cuadre.model.errors import ConfigurationError
from cuadre.pipeline.admit import admit
from cuadre.sandbox.archive import SandboxDay, make_archive
from cuadre.sandbox.faults import FAULTS, Stage
from tests.fixtures.sandbox import DAY
from tests.sandbox.opening import words

Make = Callable[..., SandboxDay]
FINE = {"DECRYPTION_OKAY", "GOODMDC", "GOODSIG", "VALIDSIG", "PLAINTEXT"}


@dataclass(frozen=True)
class Said:
    """What GnuPG says of a fault: its exit codes, words it must say, and words it must not say."""

    codes: tuple[int, ...]
    some: frozenset[str]
    none: frozenset[str] = frozenset()


def said(code: int | tuple[int, ...], some: str, none: str = "") -> Said:
    codes = (code,) if isinstance(code, int) else code
    return Said(codes, frozenset(some.split()), frozenset(none.split()))


GNUPG = {
    "unsigned": said(0, "DECRYPTION_OKAY GOODMDC PLAINTEXT", "NEWSIG GOODSIG"),
    "not_encrypted": said(0, "GOODSIG VALIDSIG PLAINTEXT", "DECRYPTION_INFO DECRYPTION_OKAY"),
    "bad_signature": said(1, "DECRYPTION_INFO PLAINTEXT BADSIG", "GOODSIG BADMDC DECRYPTION_FAILED"),
    "wrong_signer": said(2, "DECRYPTION_OKAY GOODMDC ERRSIG NO_PUBKEY", "GOODSIG"),
    "signer_not_allowed": said(0, " ".join(FINE)),
    "signer_expired": said(0, "DECRYPTION_OKAY EXPKEYSIG VALIDSIG", "GOODSIG"),
    "signer_revoked": said(0, "DECRYPTION_OKAY REVKEYSIG VALIDSIG", "GOODSIG"),
    "signature_expired": said(1, "EXPSIG VALIDSIG", "GOODSIG BADMDC DECRYPTION_FAILED"),
    "signature_from_future": said(0, " ".join(FINE)),
    "weak_digest": said(0, " ".join(FINE)),
    "weak_cipher": said(0, " ".join(FINE)),
    "weak_key": said(0, " ".join(FINE)),
    "tampered": said(1, "DECRYPTION_INFO BADSIG", "DECRYPTION_OKAY GOODMDC GOODSIG"),
    "wrong_integrity": said(2, "GOODSIG BADMDC DECRYPTION_FAILED", "DECRYPTION_OKAY GOODMDC"),
    "no_integrity": said(2, "DECRYPTION_INFO DECRYPTION_FAILED", "GOODMDC"),
    "no_decryption_key": said(2, "NO_SECKEY DECRYPTION_FAILED", "PLAINTEXT"),
    "garbage": said(2, "NODATA", "PLAINTEXT"),
    "error_page": said(2, "NODATA", "PLAINTEXT"),
    "two_messages": said((1, 2), "ENC_TO DECRYPTION_INFO", "DECRYPTION_OKAY"),  # it depends on their bytes
    "nested": said(0, " ".join(FINE)),
    "truncated": said(2, "ENC_TO", "DECRYPTION_OKAY GOODMDC GOODSIG"),
}


def refusal(day: SandboxDay, out: Path) -> tuple[Verdict, str | None]:
    """Verdict and code of the first archive, as its receiver sees it on the morning after."""
    source = load_source(day.source)
    admission = admit(day.archives[0], source, keyring=day.keyring, out=out, now=day.as_of, settlement_date=day.day)
    return admission.verdict, admission.reason


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_refused_with_its_own_code_and_leaves_no_line(
    sandbox_day: Make, tmp_path: Path, name: str
) -> None:
    assert refusal(sandbox_day(lines=120, faults=(name,)), tmp_path) == (Verdict.REJECTED, FAULTS[name].expected)
    assert not list(tmp_path.rglob("*.parquet"))


def test_the_same_day_without_a_fault_is_admitted(sandbox_day: Make, tmp_path: Path) -> None:
    assert refusal(sandbox_day(lines=120), tmp_path) == (Verdict.ADMITTED, None)


@pytest.mark.parametrize("name", GNUPG)
def test_gnupg_sees_the_fault_that_was_meant(sandbox_day: Make, name: str) -> None:
    day = sandbox_day(lines=120, faults=(name,))
    code, spoken = words(day.archives[0], day.keyring)

    assert spoken >= GNUPG[name].some
    assert not spoken & GNUPG[name].none
    assert code in GNUPG[name].codes


@pytest.mark.parametrize("name", [fault.name for fault in FAULTS.values() if fault.stage is not Stage.MESSAGE])
def test_a_fault_inside_is_sealed_honestly(sandbox_day: Make, name: str) -> None:
    day = sandbox_day(lines=120, faults=(name,))
    code, spoken = words(day.archives[0], day.keyring)

    assert (code, spoken >= FINE) == (0, True)


def test_every_message_fault_is_shown_to_gnupg_and_every_refusal_has_a_fault() -> None:
    assert set(GNUPG) == {fault.name for fault in FAULTS.values() if fault.stage is Stage.MESSAGE}
    assert {fault.reason for fault in FAULTS.values()} == set(RejectionReason)


def test_faults_of_different_stages_go_together_and_the_outermost_is_seen_first(
    sandbox_day: Make, tmp_path: Path
) -> None:
    day = sandbox_day(lines=120, faults=("control_total", "extra_member", "unsigned"))

    assert refusal(day, tmp_path) == (Verdict.REJECTED, "UNSIGNED")


def test_a_fault_spoils_the_first_archive_only(sandbox_day: Make, tmp_path: Path) -> None:
    day = sandbox_day(lines=600, parts=2, faults=("control_total",))
    source = load_source(day.source)
    verdicts = [
        admit(archive, source, keyring=day.keyring, out=tmp_path / str(n), now=day.as_of).verdict
        for n, archive in enumerate(day.archives)
    ]

    assert verdicts == [Verdict.REJECTED, Verdict.ADMITTED]


@pytest.mark.parametrize("names", [("unheard_of",), ("unsigned", "tampered"), ("bad_record", "control_total")])
def test_an_unknown_fault_and_two_of_one_stage_are_wrong_usage(
    tmp_path: Path, sandbox_source: Source, names: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigurationError, match=names[-1]):
        make_archive(sandbox_source, DAY, lines=50, seed=1, out=tmp_path / "day", faults=names)
    assert not (tmp_path / "day").exists()


@pytest.mark.parametrize("name", ["signer_expired", "signer_revoked"])
def test_a_fault_can_be_planted_again_with_the_same_keys(tmp_path: Path, sandbox_source: Source, name: str) -> None:
    for seed in (1, 2):
        day = make_archive(sandbox_source, DAY, lines=50, seed=seed, out=tmp_path / "day", faults=(name,))
        assert refusal(day, tmp_path / f"out{seed}") == (Verdict.REJECTED, FAULTS[name].expected)
