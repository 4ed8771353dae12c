"""A published day leaves a receipt, and whichever link is broken afterwards is named."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cuadre.config.settings import Operator
from cuadre.evidence import FlawKind, Link, LinkState, Receipt, examine, read_receipt
from cuadre.model.errors import ConfigurationError, ReceiptInvalid
from cuadre.pipeline.receipts import check_receipt, witnesses
from cuadre.sandbox.archive import SandboxDay
from cuadre.sandbox.keys import gnupg
from cuadre.sources import open_store
from tests.fixtures.command import cuadre
from tests.pipeline.conftest import House, build_house

Make = Callable[..., SandboxDay]
LINKS = ["signature", "archives", "lines", "snapshots", "outcomes", "sums", "marts", "journal"]


@pytest.fixture(scope="module")
def made(sandbox_day: Make) -> SandboxDay:
    return sandbox_day(300, breaks=0.05, parts=2)


@pytest.fixture(scope="module")
def published(
    tmp_path_factory: pytest.TempPathFactory, made: SandboxDay, module_warehouse_url: str, operator: Operator
) -> House:
    """A house with one published day; tests work on copies of what it keeps."""
    here = build_house(tmp_path_factory.mktemp("house") / "h", made, module_warehouse_url, operator)
    here.receive(made)
    here.run(made.day)
    return here


class Kept:
    """A copy of what a house keeps, to be broken."""

    def __init__(self, root: Path, house: House, operator: Operator) -> None:
        self.operator = operator
        shutil.copytree(house.root / "store", root / "store")
        shutil.copyfile(house.work.journal.path, root / "journal.jsonl")
        self.store, self.journal = root / "store", root / "journal.jsonl"
        (self.file,) = (self.store / "lake").rglob("receipts/*.json")
        self.signature = self.file.with_name(self.file.name + ".asc")

    @property
    def receipt(self) -> Receipt:
        return read_receipt(self.file.read_bytes())

    def verify(self, *signers: str) -> list[Link]:
        return list(
            check_receipt(
                self.file,
                store=open_store(str(self.store), self.store),
                journal=self.journal,
                keyring=self.operator.keyring,
                signers=signers or [self.operator.key],
                now=datetime.now(UTC),
            )
        )

    def wrong(self) -> dict[str, str]:
        return {link.name: link.state.value for link in self.verify() if link.state is not LinkState.OK}

    def flip(self, key: str) -> None:
        path = self.store / key
        path.chmod(0o644)
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    def write(self, receipt: Receipt) -> None:
        """Put another receipt in its place, as somebody without the operator's key can."""
        self.file.write_bytes(receipt.content)


@pytest.fixture
def kept(tmp_path: Path, published: House, operator: Operator) -> Kept:
    return Kept(tmp_path, published, operator)


def test_every_link_of_a_published_day_holds(kept: Kept, operator: Operator) -> None:
    links = kept.verify()
    assert [(link.name, link.state) for link in links] == [(name, LinkState.OK) for name in LINKS]
    assert operator.key in links[0].sentence


def test_a_receipt_says_what_the_day_was_made_of_and_what_came_out(kept: Kept, made: SandboxDay) -> None:
    receipt = kept.receipt
    assert [archive.file.sha256 for archive in receipt.archives] == list(made.archive_ids)
    assert sum(total.count for total in receipt.totals.values()) == sum(each.lines for each in receipt.archives) == 300
    assert {"orders", "bank_credits"} <= set(receipt.snapshots)
    assert {"outcomes", "open_items", "suggestions", "bank_matches"} == set(receipt.results)
    assert receipt.marts["recon_line"]["PEN"]["row_count"] == sum(
        each.count for each in receipt.outcomes if each.currency == "PEN"
    )
    assert kept.file.name.startswith(f"{receipt.published_at:%Y%m%dT%H%M%S.%fZ}-")
    assert hashlib.sha256(receipt.content).hexdigest()[:16] in kept.file.name


def test_the_journal_says_which_receipt_was_left_and_the_receipt_covers_the_publication(
    kept: Kept, published: House
) -> None:
    records = {record["step"]: record for record in published.work.journal.records()}
    assert records["publish"]["seq"] == kept.receipt.journal.seq
    assert records["publish"]["hash"] == kept.receipt.journal.hash
    note = records["receipt"]["record"]
    assert (note["sha256"], note["signed"], note["new"]) == (
        hashlib.sha256(kept.file.read_bytes()).hexdigest(),
        True,
        True,
    )


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda k: k.flip(k.receipt.archives[1].file.key), {"archives": "broken"}),
        (lambda k: (k.store / k.receipt.archives[0].file.key).unlink(), {"archives": "missing"}),
        (lambda k: k.flip(k.receipt.lines[0].key), {"lines": "broken", "sums": "missing"}),
        (lambda k: k.flip(k.receipt.snapshots["orders"].key), {"snapshots": "broken"}),
        (lambda k: k.flip(k.receipt.snapshots["bank_credits"].key), {"snapshots": "broken"}),
        (lambda k: k.flip(k.receipt.results["outcomes"].key), {"outcomes": "broken", "sums": "missing"}),
        (
            lambda k: (k.store / k.receipt.results["open_items"].key).unlink(),
            {"outcomes": "missing", "sums": "missing"},
        ),
        (lambda k: k.signature.unlink(), {"signature": "missing"}),
        (lambda k: k.signature.write_text("nonsense"), {"signature": "broken"}),
        (lambda k: k.journal.unlink(), {"journal": "missing"}),
        (lambda k: k.write(replace(k.receipt, source="another")), {"signature": "broken"}),
        (
            lambda k: k.write(replace(k.receipt, totals={})),
            {"signature": "broken", "sums": "broken", "marts": "broken"},
        ),
        (
            lambda k: k.write(replace(k.receipt, outcomes=k.receipt.outcomes[1:])),
            {"signature": "broken", "sums": "broken", "marts": "broken"},
        ),
        (lambda k: k.write(replace(k.receipt, marts={})), {"signature": "broken", "marts": "broken"}),
        (
            lambda k: k.write(
                replace(k.receipt, archives=(replace(k.receipt.archives[0], lines=7), *k.receipt.archives[1:]))
            ),
            {"signature": "broken", "sums": "broken"},
        ),
    ],
)
def test_the_broken_link_is_named(kept: Kept, damage: Callable[[Kept], object], named: dict[str, str]) -> None:
    damage(kept)
    assert kept.wrong() == named


def test_a_signature_by_another_key_is_named(kept: Kept, operator: Operator) -> None:
    sentences = [link.sentence for link in kept.verify("0" * 40)]
    assert sentences[0] == f"It is signed by {operator.key}, which is not the operator's key."


@pytest.mark.parametrize("place", ["pagoefectivo_pe/2026-03-05", "another/2026-03-04"])
def test_a_good_receipt_under_another_day_or_source_is_told_apart(kept: Kept, place: str) -> None:
    assert {link.state for link in kept.verify()} == {LinkState.OK}
    kept.file = shutil.move(kept.file, _folder(kept.store / "lake" / place / "receipts") / kept.file.name)
    shutil.move(kept.signature, kept.file.with_name(kept.signature.name))
    assert kept.wrong() == {"signature": "broken"}
    assert "lies among those of" in kept.verify()[0].sentence
    kept.file = shutil.move(kept.file, _folder(kept.store.parent / "mail") / kept.file.name)
    shutil.move(kept.store / "lake" / place / "receipts" / kept.signature.name, kept.file.parent)
    assert {link.state for link in kept.verify()} == {LinkState.OK}


def _folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def test_a_forger_with_a_key_of_his_own_is_a_stranger(kept: Kept, tmp_path: Path) -> None:
    with gnupg(tmp_path / "forger") as forger:
        forger.make_key("Cuadre sandbox operator")
        forged = replace(kept.receipt, mart_hash="0" * 64)
        kept.write(forged)
        kept.signature.write_bytes(forger.run(["--armor", "--detach-sign"], data=forged.content))
    assert kept.wrong() == {"signature": "broken"}
    assert "somebody else" in kept.verify()[0].sentence


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda lines: [lines[0].replace(b'"ok"', b'"KO"'), *lines[1:]],
            "Line 1, where record 1 should be, was edited",
        ),
        (lambda lines: [*lines[:2], *lines[3:]], "Record 3 was removed."),
        (lambda lines: lines[:4], "The journal ends with record 4; this receipt saw record 7."),
    ],
)
def test_what_was_done_to_the_journal_is_named(
    kept: Kept, change: Callable[[list[bytes]], list[bytes]], sentence: str
) -> None:
    kept.journal.write_bytes(b"".join(change(kept.journal.read_bytes().splitlines(keepends=True))))
    assert kept.wrong() == {"journal": "broken"}
    assert kept.verify()[-1].sentence.startswith(sentence)


def test_damage_to_records_after_the_receipt_does_not_take_it_away_and_is_told(kept: Kept) -> None:
    *lines, last = kept.journal.read_bytes().splitlines(keepends=True)
    kept.journal.write_bytes(b"".join([*lines, last.replace(b'"ok"', b'"KO"')]))
    assert kept.wrong() == {}
    assert "Later records do not hold" in kept.verify()[-1].sentence


def test_receipts_in_the_store_remember_what_was_cut_off_the_journal(kept: Kept) -> None:
    known = witnesses(open_store(str(kept.store), kept.store))
    assert examine(kept.journal, known).flaws == ()
    kept.journal.write_bytes(b"".join(kept.journal.read_bytes().splitlines(keepends=True)[:-3]))
    (flaw,) = examine(kept.journal, known).flaws
    assert flaw.kind is FlawKind.CUT
    assert kept.file.name in flaw.sentence


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b"\xff", b'{"receipt":"cuadre/1"}\n'])
def test_what_is_no_receipt_is_refused(kept: Kept, content: bytes) -> None:
    kept.file.write_bytes(content)
    with pytest.raises(ReceiptInvalid, match="no receipt"):
        kept.verify()


def test_a_receipt_with_something_added_is_refused(kept: Kept) -> None:
    fields = json.loads(kept.file.read_bytes())
    kept.file.write_text(json.dumps(fields | {"note": "approved"}))
    with pytest.raises(ReceiptInvalid, match="something was added"):
        kept.verify()


def receipts_of(here: House) -> list[str]:
    return [key for key in here.lake.store.list("lake/") if "/receipts/" in key]


def test_published_again_unchanged_keeps_its_receipt_and_a_changed_day_gets_another(
    tmp_path: Path, sandbox_day: Make, warehouse_url: str, operator: Operator
) -> None:
    made, corrected = sandbox_day(300), sandbox_day(320, seed=9)
    here = build_house(tmp_path, made, warehouse_url, operator)
    here.receive(made)
    here.run(made.day)
    first = receipts_of(here)
    here.run(made.day, now=here.now(made.day) + timedelta(hours=1))
    assert receipts_of(here) == first
    here.receive(corrected)
    here.run(made.day, now=here.now(made.day) + timedelta(hours=2))
    assert set(first) < set(receipts_of(here))
    assert len(receipts_of(here)) == 4


def test_a_day_whose_receipt_could_not_be_signed_is_published_and_gets_it_on_the_next_run(
    tmp_path: Path, sandbox_day: Make, warehouse_url: str, operator: Operator
) -> None:
    made = sandbox_day(300)
    here = build_house(tmp_path, made, warehouse_url, Operator(operator.keyring, "0" * 40))
    here.receive(made)
    with pytest.raises(ConfigurationError, match="no secret key"):
        here.run(made.day)
    assert here.rows("SELECT count(*) FROM recon.run_receipt") == [(1,)]
    assert receipts_of(here) == []
    assert [(r["step"], r["outcome"]) for r in here.work.journal.records()][-2:] == [
        ("publish", "ok"),
        ("receipt", "failed"),
    ]
    mended = replace(here, work=replace(here.work, operator=operator))
    done = mended.run(made.day, now=here.now(made.day) + timedelta(hours=1))
    assert done["publication"]["changed"] is False
    kept = Kept(tmp_path / "copy", mended, operator)
    assert kept.wrong() == {}
    assert kept.receipt.published_at == here.now(made.day)


def test_without_an_operator_a_receipt_is_left_unsigned_and_one_named_later_signs(
    tmp_path: Path, sandbox_day: Make, warehouse_url: str, operator: Operator
) -> None:
    made = sandbox_day(300)
    here = build_house(tmp_path, made, warehouse_url)
    here.receive(made)
    here.run(made.day)
    assert Kept(tmp_path / "copy", here, operator).wrong() == {"signature": "missing"}
    signing = replace(here, work=replace(here.work, operator=operator))
    signing.run(made.day, now=here.now(made.day) + timedelta(hours=1))
    assert sum(key.endswith(".asc") for key in receipts_of(here)) == 1


def test_the_command_names_the_first_broken_link_and_exits_with_3(kept: Kept, operator: Operator) -> None:
    arguments = ("receipt", "verify", kept.file, "--journal", kept.journal, "--keyring", operator.keyring)
    good = cuadre(*arguments, "--signer", operator.key.lower(), "--json")
    assert good.returncode == 0, good.stderr
    said = json.loads(good.stdout)
    assert (said["holds"], [link["name"] for link in said["links"]]) == (True, LINKS)
    kept.flip(kept.receipt.archives[0].file.key)
    bad = cuadre(*arguments)
    assert bad.returncode == 3
    assert "broken" in bad.stdout
    assert "The receipt does not hold, archives broken" in bad.stderr


def test_the_command_takes_an_unsigned_receipt_only_when_told_to(kept: Kept) -> None:
    kept.signature.unlink()
    arguments = ("receipt", "verify", kept.file, "--journal", kept.journal)
    assert "unsigned" in cuadre(*arguments).stderr
    assert cuadre(*arguments).returncode == 3
    assert cuadre(*arguments, "--unsigned-ok").returncode == 0
    kept.flip(kept.receipt.lines[0].key)
    assert cuadre(*arguments, "--unsigned-ok").returncode == 3


def test_the_operator_of_the_settings_checks_and_a_receipt_can_be_shown(kept: Kept, operator: Operator) -> None:
    environment = {"CUADRE_OPERATOR_KEYRING": str(operator.keyring), "CUADRE_OPERATOR_KEY": operator.key}
    journal = {"CUADRE_JOURNAL": str(kept.journal)}
    assert cuadre("receipt", "verify", kept.file, environment=environment | journal).returncode == 0
    shown = cuadre("receipt", "show", kept.file)
    assert shown.returncode == 0
    assert kept.receipt.mart_hash[:40] in shown.stdout  # the rest is on the next line


def test_the_journal_command_hears_the_receipts_of_the_store(kept: Kept) -> None:
    arguments = ("journal", "verify", kept.journal, "--store", kept.store)
    assert "Receipts that agree: 1." in cuadre(*arguments).stderr
    kept.journal.write_bytes(b"".join(kept.journal.read_bytes().splitlines(keepends=True)[:-3]))
    cut = cuadre(*arguments)
    assert cut.returncode == 3
    assert "The journal ends with record" in cut.stderr
