"""Step two: one archive is judged, opened and typed; only what is authentic and adds up is promoted.

Two passes over a private copy of the ciphertext. The first lets gpg judge the whole message with its output thrown
away; the second feeds unpacker and parser, and counts only if gpg says the same again. All Parquet is written in
quarantine.
While gpg judges, the ciphertext is hashed and the formats are loaded: a quarter of a second with pyarrow behind them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cuadre.config.source import Source
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.codes import Verdict as Decision
from cuadre.model.digests import sha256_of
from cuadre.model.errors import ArchiveRejected
from cuadre.model.records import Admission
from cuadre.pipeline.naming import check_member_name, check_name, member_of
from cuadre.trust import Container, Delivery, Verdict, confirm, judge_in, opened, private_home, take_in, unpack
from cuadre.trust.decryption import Decryption
from cuadre.trust.quarantine import promote, quarantine

if TYPE_CHECKING:
    from cuadre.formats import TypedMember

Progress = Callable[[int], None]
PARTS = "lines*.parquet"


@dataclass
class _Case:
    """What is known of an archive so far; whatever happens, the record is made from it."""

    delivery: Delivery
    source: Source
    name: str
    now: datetime
    passphrase: str | None
    settlement_date: date | None
    progress: Progress | None
    digest: Future[str]
    verdict: Verdict | None = None
    members: tuple[str, ...] = ()
    typed: TypedMember | None = None

    @property
    def archive_id(self) -> str:
        """SHA-256 of the ciphertext; waits for it when it is not there yet."""
        return self.digest.result()


def admit(
    archive: Path,
    source: Source,
    *,
    keyring: Path,
    out: Path,
    now: datetime,
    passphrase: str | None = None,
    signature: Path | None = None,
    settlement_date: date | None = None,
    name: str | None = None,
    progress: Progress | None = None,
) -> Admission:
    """Admit or reject `archive`. Only when admitted, `out` holds its lines as `lines-*.parquet` (columns of LINES).

    `name` is what the provider called the file, where it is kept under another one; `settlement_date` is the day it
    should be for. `progress` is called with the number of ciphertext bytes read so far. A re-run replaces its files.

    Raises:
        ConfigurationError: key ring or passphrase are not usable, or a signature was given that the shape has no use
            for. Every refusal of the archive itself is an Admission, not an error.
    """
    in_memory = source.trust.quarantine == "memory"
    with ThreadPoolExecutor(2) as beside:
        beside.submit(importlib.import_module, "cuadre.formats")
        with private_home(keyring) as view, quarantine(out, in_memory=in_memory) as folder:
            delivery = take_in(archive, signature, folder)
            digest = beside.submit(sha256_of, delivery.archive)
            case = _Case(delivery, source, name or archive.name, now, passphrase, settlement_date, progress, digest)
            try:
                case.verdict = judge_in(
                    view,
                    delivery,
                    trust=source.trust,
                    now=now,
                    passphrase=passphrase,
                    limit=source.limits.max_plaintext_bytes,
                )
                _open_and_type(case, view, folder)
                promote(folder, out, PARTS)
            except ArchiveRejected as refusal:
                return _record(case, refusal)
            return _record(case, None)


def _open_and_type(case: _Case, view: Path, folder: Path) -> None:
    from cuadre.formats import read_head, type_body

    assert case.verdict is not None
    source = case.source
    with opened(view, case.verdict, now=case.now, passphrase=case.passphrase) as decryption:
        unpacking = unpack(decryption.read, source, member_of(case.name, source))
        case.members = (unpacking.name,)
        expected = check_member_name(unpacking.name, case.name, source)
        head = read_head(_to_the_end(unpacking, decryption, case), source)
        check_name(expected, head.header, source, case.settlement_date)
        _check_signer_saw(head.header.settlement_date, case.verdict)
        case.typed = type_body(head, source, archive_id=case.archive_id, folder=folder)
    case.typed.check_totals()


def _check_signer_saw(day: date, verdict: Verdict) -> None:
    """Refuse a day that began when its signer's key had ended: a signature can be dated back, what it is about cannot.

    Raises:
        ArchiveRejected: SIGNER_EXPIRED.
    """
    if verdict.last_day is not None and day > verdict.last_day:
        raise ArchiveRejected(
            Reason.SIGNER_EXPIRED,
            f"It is for {day}, its signature is dated {verdict.signed_at.date()}, and the key ended on "
            f"{verdict.last_day}: ask the provider who dated it back.",
        )


def _to_the_end(unpacking: Container, decryption: Decryption, case: _Case) -> Iterator[bytes]:
    """The member's bytes; behind the last of them the second pass is held against the first."""
    assert case.verdict is not None
    for chunk in unpacking.chunks():
        if case.progress:
            case.progress(decryption.ciphertext_bytes)
        yield chunk
    confirm(decryption, case.verdict)


def _record(case: _Case, refusal: ArchiveRejected | None) -> Admission:
    record = Admission(
        verdict=Decision.REJECTED if refusal else Decision.ADMITTED,
        reason=refusal.reason.name if refusal else None,
        detail=refusal.detail if refusal else None,
        archive_id=case.archive_id,
        bytes=case.delivery.archive.stat().st_size,
        shape=case.source.trust.shape,
        signer=case.verdict.signer if case.verdict else None,
        signed_at=case.verdict.signed_at if case.verdict else None,
        members=case.members,
    )
    if case.typed is None:
        return record
    lines = case.typed.lines
    return replace(record, lines=0 if refusal else lines, quarantined=lines if refusal else 0, totals=case.typed.totals)
