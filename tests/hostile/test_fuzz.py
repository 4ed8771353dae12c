"""Messages, unpacker, status parser and CSV typing under inputs nobody thought of: a refusal, or nothing changed.

`make test` gives each law a hundred examples; `make fuzz` runs on with new ones for as long as it is told.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cuadre.config import Limits, Source, load_source
from cuadre.formats import read_head, type_body
from cuadre.model.errors import ArchiveRejected, ConfigurationError
from cuadre.trust import Unpacking, private_home
from cuadre.trust.decryption import decrypting
from cuadre.trust.keyring import Key, keys_in
from cuadre.trust.rule import apply_rule
from cuadre.trust.status import Statement, read_status
from tests.fixtures.openpgp import NOW, Keys, csv_text, zipped
from tests.hostile.conftest import Open
from tests.hostile.zips import GOOD_ZIPS, TEXT

SOURCE = Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml"
MEMBER = csv_text(4).replace("7002,902", '"7002",902').encode()
EXCHANGED = MEMBER.replace(b"paid_at\n", b"paid_at,paid_currency,paid_amount,exchange_rate\n").replace(
    b"T10:00:00-05:00\n", b"T10:00:00-05:00,USD,26.65,3.752500\n"
)
PLACES = {
    "psp_reference": "cip",
    "operation_reference": "operation_number",
    "merchant_reference": "transaction_code",
    "original_reference": "original_reference",
    "batch_id": "batch",
    "line_type": "type",
    "channel": "channel",
    "currency": "currency",
}
MONEY = {"gross": "gross", "fee": "fee", "tax": "igv", "net": "net"}
OPTIONAL = {
    "presentment_currency": "paid_currency",
    "presentment_amount": "paid_amount",
    "exchange_rate": "exchange_rate",
}

Edit = Callable[[bytes], bytes]
places = st.integers(0, 1 << 16)
fuzzing = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], derandomize=False
)


def _edit(kind: str, at: int, length: int, new: bytes) -> Edit:
    def apply(data: bytes) -> bytes:
        start = at % (len(data) + 1)
        end = min(len(data), start + length)
        copied = data[start:end]
        return {
            "replace": data[:start] + new + data[start + len(new) :],
            "insert": data[:start] + new + data[start:],
            "delete": data[:start] + data[end:],
            "repeat": data[:end] + copied + data[end:],
            "swap": copied + data[:start] + data[end:],
            "cut": data[:start],
        }[kind]

    return apply


def edits(pieces: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[Edit]]:
    """One to four changes to some bytes."""
    kinds = st.sampled_from(["replace", "insert", "delete", "repeat", "swap", "cut"])
    return st.lists(st.builds(_edit, kinds, places, st.integers(1, 64), pieces), min_size=1, max_size=4)


def edited(data: bytes, changes: list[Edit]) -> bytes:
    """`data` after `changes`."""
    for change in changes:
        data = change(data)
    return data


@fuzzing
@given(
    st.sampled_from(sorted(GOOD_ZIPS)),
    edits(
        st.binary(min_size=1, max_size=8) | st.sampled_from([b"PK\x01\x02", b"PK\x05\x06", b"PK\x07\x08", b"\xff" * 4])
    ),
    st.integers(1, 4096),
)
def test_a_damaged_zip_is_refused_or_gives_the_very_same_member(name: str, changes: list[Edit], step: int) -> None:
    data = edited(GOOD_ZIPS[name], changes)
    try:
        content = _unpacked(data, step)
    except ArchiveRejected:
        return
    assert content == TEXT


@fuzzing
@given(st.binary(max_size=2000))
def test_no_other_bytes_pass_for_a_zip(data: bytes) -> None:
    with pytest.raises(ArchiveRejected):
        _unpacked(b"PK\x03\x04" + data, 100)


def _unpacked(data: bytes, step: int) -> bytes:
    pieces = iter([data[i : i + step] for i in range(0, len(data), step)])
    return b"".join(Unpacking(lambda size: next(pieces, b""), Limits()).chunks())


@fuzzing
@given(at=places, bit=st.integers(0, 7))
def test_a_message_with_a_changed_bit_is_refused_or_gives_the_very_same_content(
    at: int, bit: int, opening: Open, roomy: bytes
) -> None:
    changed = bytearray(roomy)
    changed[at % len(roomy)] ^= 1 << bit
    assert opening(bytes(changed))  # which fails by itself when another content comes out


@pytest.fixture(scope="module")
def said(pgp_keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[str, ...], tuple[Key, ...]]:
    """What gpg says of a good message, and the keys there are."""
    archive = tmp_path_factory.mktemp("said") / "message"
    archive.write_bytes(pgp_keys.seal(zipped(TEXT)))
    with (
        private_home(pgp_keys.ours.home) as view,
        decrypting(archive, view=view, now=NOW, passphrase=None, limit=1 << 20, digests=("SHA512",)) as decryption,
    ):
        while decryption.read():
            pass
        statement, code = decryption.conclude()
        assert code == 0
        return statement.lines, keys_in(view)


SAID = """
    NEWSIG GOODSIG VALIDSIG ERRSIG BADSIG EXPSIG EXPKEYSIG REVKEYSIG DECRYPTION_INFO DECRYPTION_OKAY GOODMDC BADMDC
    PLAINTEXT BEGIN_DECRYPTION DECRYPTION_FAILED ERROR FAILURE UNEXPECTED NODATA NO_SECKEY ENC_TO DECRYPTION_KEY
"""
words = st.sampled_from(SAID.split())
fields = st.lists(st.sampled_from(["0", "1", "2", "9", "10", "-1", "A" * 40, "20260305T090000", "x", "é", "1_x"]))
lines = st.builds(lambda word, rest: " ".join([word, *rest]), words, fields) | st.text(max_size=40)


@fuzzing
@given(data=st.data())
def test_what_gpg_says_is_believed_only_when_all_of_it_is_there(
    data: st.DataObject, said: tuple[tuple[str, ...], tuple[Key, ...]], pgp_keys: Keys
) -> None:
    good, keys = said
    kept = data.draw(st.lists(st.sampled_from(range(len(good))), unique=True).map(sorted), label="kept")
    added = data.draw(st.lists(st.tuples(places, lines), max_size=3), label="added")
    heard = [good[at] for at in kept]
    for at, line in added:
        heard.insert(at % (len(heard) + 1), line)
    try:
        statement = read_status(f"[GNUPG:] {line}\n" for line in heard)
        chosen = apply_rule(statement, 0, trust=pgp_keys.trust("sender"), now=NOW, keys=keys, holds_openpgp=False)
    except (ArchiveRejected, ConfigurationError):
        return
    assert chosen.primary == pgp_keys.fingerprints["sender"]
    assert _needed(read_status(f"[GNUPG:] {line}\n" for line in good)) <= _needed(statement)


def _needed(statement: Statement) -> set[str]:
    """The kinds of words that stand for proof; of a key that has ended since, gpg says so in place of GOODSIG."""
    matching = {"GOODSIG", "EXPKEYSIG", "REVKEYSIG"}
    proof = {"DECRYPTION_OKAY", "GOODMDC", "VALIDSIG", "PLAINTEXT", "DECRYPTION_INFO"}
    return (statement.words & proof) | ({"GOODSIG"} if statement.words & matching else set())


@pytest.mark.parametrize(
    "word", ["DECRYPTION_INFO", "DECRYPTION_OKAY", "GOODMDC", "GOODSIG", "NEWSIG", "PLAINTEXT", "VALIDSIG"]
)
def test_a_good_message_of_which_gpg_leaves_one_word_out_is_not_believed(
    word: str, said: tuple[tuple[str, ...], tuple[Key, ...]], pgp_keys: Keys
) -> None:
    good, keys = said
    heard = [line for line in good if line.split(" ", 1)[0] != word]
    assert len(heard) == len(good) - 1
    statement = read_status(f"[GNUPG:] {line}\n" for line in heard)
    with pytest.raises(ArchiveRejected):
        apply_rule(statement, 0, trust=pgp_keys.trust("sender"), now=NOW, keys=keys, holds_openpgp=False)


@pytest.fixture(scope="module")
def source() -> Source:
    return load_source(SOURCE)


@fuzzing
@given(
    member=st.sampled_from([MEMBER, EXCHANGED]),
    changes=edits(
        st.text("0123456789.,-+eE\"' \t\r\n;TRAILERHDPNUS\0é", min_size=1, max_size=6).map(str.encode)
        | st.binary(min_size=1, max_size=4)
    ),
    step=st.integers(1, 600),
    block=st.integers(200, 2000),
)
def test_a_damaged_member_is_refused_or_typed_as_it_stands(
    member: bytes, changes: list[Edit], step: int, block: int, source: Source
) -> None:
    data = edited(member, changes)
    with tempfile.TemporaryDirectory() as folder:
        try:
            head = read_head((data[i : i + step] for i in range(0, len(data), step)), source, block_bytes=block)
            typed = type_body(head, source, archive_id="ab" * 32, folder=Path(folder))
            typed.check_totals()
        except ArchiveRejected:
            return
        files = sorted(Path(folder).glob("*.parquet"))
        table = pa.concat_tables(pq.read_table(file) for file in files).sort_by("line_no")
    assert table.drop_columns(["source", "archive_id", "line_no", "settlement_date"]).to_pylist() == _plainly(data)


def _plainly(data: bytes) -> list[dict[str, object]]:
    """The records of a member by Python's own reader, another road to the same rows."""
    _, columns, *records = csv.reader(data.decode().replace("\r\n", "\n").split("\n"))
    names = [name.strip(" \t") for name in columns]
    rows: list[dict[str, object]] = []
    for record in records:
        if record and record[0].strip(" \t") != "TRAILER":
            row = dict(zip(names, (field.strip(" \t") for field in record), strict=True))
            texts = {ours: row[theirs] or None for ours, theirs in PLACES.items()}
            money = {ours: Decimal(row[theirs]) for ours, theirs in MONEY.items()}
            given = {ours: row[theirs] or None for ours, theirs in OPTIONAL.items() if theirs in row}
            numbers = {ours: text and Decimal(text) for ours, text in given.items() if ours != "presentment_currency"}
            at = datetime.fromisoformat(row["paid_at"])
            rows.append({**texts, **money, **given, **numbers, "occurred_at": at})
    return rows
