"""Receipts in the pipeline: one left for each publication, signed by the operator, and checked link by link later.

What a receipt says is in `cuadre.evidence.receipt`, what its links mean in `cuadre.evidence.links`.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import reduce
from operator import add
from pathlib import Path

from cuadre.config.source import Source
from cuadre.evidence import Link, LinkState, Receipt, Witness, check_links, made_by, read_receipt
from cuadre.evidence.receipt import SIGNATURE_SUFFIX, Archive, File, OutcomeSum
from cuadre.model.errors import ReceiptInvalid
from cuadre.model.records import Admission, FetchedArchive, Publication, ReconcileReport, Totals, from_json
from cuadre.pipeline.keeping import RESULTS, Json
from cuadre.pipeline.lake import Lake, file_record
from cuadre.pipeline.workplace import Workplace
from cuadre.sources import Store, open_store
from cuadre.trust.signing import sign, verify

_RECEIPT = re.compile(r"lake/[^/]+/[^/]+/receipts/[^/]+\.json")


def leave_receipt(
    work: Workplace,
    source: Source,
    day: date,
    admissions: Sequence[Json],
    reconciled: Json,
    publication: Publication,
    *,
    now: datetime,
) -> Json:
    """See that this publication has its receipt, signed if there is an operator: {key, sha256, signed, new}.

    A publication keeps the first complete receipt it got. The signature is written before what it signs and both are
    named by their content, so that a crash, or a second writer at the same time, leaves no receipt with the signature
    of another.

    Raises:
        ConfigurationError: the operator's key cannot sign.
        SigningFailed: it could not just now; the publication stands, and a later try signs.
    """
    lake = work.lake(source)
    when = f"{publication.published_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
    known = _kept(lake, lake.receipt(day, f"{when}-"), signed=work.operator is not None)
    if known is not None:
        return _told(lake, known, new=False)
    content = _receipt(work, source, day, admissions, reconciled, publication).content
    key = lake.receipt(day, f"{when}-{hashlib.sha256(content).hexdigest()[:16]}.json")
    if work.operator is not None:
        signature = sign(
            content,
            home=work.operator.keyring,
            key=work.operator.key,
            now=now,
            passphrase=work.operator_passphrase(),
        )
        lake.store.put_bytes(key + SIGNATURE_SUFFIX, signature)
    lake.store.put_bytes(key, content)
    return _told(lake, key, new=True)


def check_receipt(
    file: Path, *, store: Store, journal: Path, keyring: Path | None, signers: Sequence[str], now: datetime
) -> tuple[Link, ...]:
    """Every link of the receipt in `file`, the signature beside it first.

    Args:
        file: The receipt.
        store: Where the archives and the lake are.
        journal: The journal.
        keyring: A GnuPG home with the operator's public key; None when there is none to check with.
        signers: Primary fingerprints of the operator; every key in `keyring` when empty.
        now: The time, aware.

    Raises:
        ReceiptInvalid: it is no receipt at all.
    """
    content = file.read_bytes()
    receipt = read_receipt(content)
    signature = _signature(content, file.with_name(file.name + SIGNATURE_SUFFIX), keyring, signers, now)
    if signature.state is LinkState.OK and (elsewhere := _misplaced(file, receipt)):
        signature = Link("signature", LinkState.BROKEN, elsewhere)
    return (signature, *check_links(receipt, store.get, journal))


@contextmanager
def open_offline(place: str) -> Iterator[Store]:
    """The store at `place`, a folder or a bucket, read as it is now and not from an earlier download."""
    with tempfile.TemporaryDirectory(prefix="cuadre-") as scratch:
        yield open_store(place, Path(scratch))


def witnesses(store: Store) -> list[Witness]:
    """What all receipts in the store remember of the journal; ReceiptInvalid when one cannot be read."""
    found = []
    for key in store.list("lake/"):
        if _RECEIPT.fullmatch(key):
            try:
                receipt = read_receipt(store.read(key))
            except ReceiptInvalid as error:
                raise ReceiptInvalid(f"{key}: {error}") from None
            found.append(Witness(receipt.journal, f"the receipt {key}"))
    return found


def _misplaced(file: Path, receipt: Receipt) -> str | None:
    """Whose receipt it is when it lies in a store under another source or day, of which it proves nothing."""
    within = [folder.name for folder in file.resolve().parents[:4]]
    if within[:1] != ["receipts"] or within[3:] != ["lake"]:
        return None
    if within[1:3] == [receipt.settlement_date.isoformat(), receipt.source]:
        return None
    whose = f"the receipt of {receipt.source}, {receipt.settlement_date}"
    return f"It is {whose}, and lies among those of {within[2]}, {within[1]}."


def _kept(lake: Lake, prefix: str, *, signed: bool) -> str | None:
    """The first receipt of a publication; only one with a signature when it has to be `signed`."""
    there = set(lake.store.list(prefix))
    receipts = sorted(key for key in there if key.endswith(".json"))
    return next((key for key in receipts if not signed or key + SIGNATURE_SUFFIX in there), None)


def _told(lake: Lake, key: str, *, new: bool) -> Json:
    return {
        "key": key,
        "sha256": hashlib.sha256(lake.store.read(key)).hexdigest(),
        "signed": lake.store.exists(key + SIGNATURE_SUFFIX),
        "new": new,
    }


def _receipt(
    work: Workplace,
    source: Source,
    day: date,
    admissions: Sequence[Json],
    reconciled: Json,
    publication: Publication,
) -> Receipt:
    lake, report = work.lake(source), from_json(ReconcileReport, reconciled["report"])
    ordered = sorted(admissions, key=lambda record: record["archive"]["part"])
    files = {name: File(**file) for name, file in reconciled["files"].items()}
    if before := reconciled["open_items_before"]:
        files["open_items_before"] = File(**before)
    return Receipt(
        source=source.source,
        settlement_date=day,
        as_of=report.as_of,
        published_at=publication.published_at.astimezone(UTC),
        profile=source.profile,
        run=reconciled["run"],
        made=made_by(source),
        archives=tuple(_archive(lake, record) for record in ordered),
        lines=tuple(File(**file) for record in ordered for file in record["lines"]),
        totals=_totals(ordered),
        snapshots={name: file for name, file in files.items() if name not in RESULTS},
        results={name: files[name] for name in RESULTS if name in files},
        outcomes=tuple(
            OutcomeSum(each.outcome, each.currency, each.count, each.money, each.at_risk) for each in report.outcomes
        ),
        marts=publication.control_sums,
        mart_hash=publication.mart_hash,
        journal=work.journal.head(),
    )


def _archive(lake: Lake, record: Json) -> Archive:
    fetched, admission = from_json(FetchedArchive, record["archive"]), from_json(Admission, record["admission"])
    signature = fetched.signature_key
    return Archive(
        name=fetched.name,
        part=fetched.part,
        file=File(fetched.key, fetched.archive_id, fetched.bytes),
        signature=File(**file_record(signature, lake.store.get(signature))) if signature else None,
        shape=admission.shape,
        signer=admission.signer,
        signed_at=admission.signed_at,
        lines=admission.lines,
    )


def _totals(records: Sequence[Json]) -> dict[str, Totals]:
    """Control totals of all archives, by currency."""
    found: dict[str, list[Totals]] = {}
    for record in records:
        for currency, total in from_json(Admission, record["admission"]).totals.items():
            found.setdefault(currency, []).append(total)
    return {currency: reduce(add, totals) for currency, totals in found.items()}


def _signature(content: bytes, file: Path, keyring: Path | None, signers: Sequence[str], now: datetime) -> Link:
    if not file.is_file():
        return Link("signature", LinkState.MISSING, "The receipt is unsigned: anybody could have written it.")
    if keyring is None:
        return Link("signature", LinkState.MISSING, "There is no key ring to check the signature with.")
    try:
        signed = verify(content, file.read_bytes(), home=keyring, now=now, signers=signers)
    except ReceiptInvalid as error:
        return Link("signature", LinkState.BROKEN, str(error))
    return Link("signature", LinkState.OK, f"Signed by {signed.signer} at {signed.at:%Y-%m-%d %H:%M:%S} UTC.")
