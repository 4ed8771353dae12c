"""Body records of one block typed into the canonical columns, strictly, with pyarrow's CSV reader.

A record that does not read is refused with its number and the column's name, never its content.
Not here: where blocks begin and end (`blocks.py`), Parquet (`parts.py`).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from cuadre.formats.amounts import AMOUNT_DECIMALS, RATE_DECIMALS, first_that_is_none, read_amounts
from cuadre.formats.arrays import constant, flags, numbers, texts, values_of
from cuadre.formats.blocks import Block
from cuadre.formats.layout import BLANKS, CURRENCY, Layout, malformed
from cuadre.formats.octets import check_octets
from cuadre.model.arrow import INSTANT, MONEY, arrow_schema
from cuadre.model.codes import LineType
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.columns import LINES, Kind
from cuadre.model.errors import ArchiveRejected

REPEATING = (
    *("source", "archive_id", "settlement_date", "batch_id", "line_type", "currency", "channel"),
    "presentment_currency",
)
"""Columns of few distinct values: kept as dictionaries on the whole way."""

_MOST_CURRENCIES = 300
_LINE_TYPES = texts(*(line_type.value for line_type in LineType))
_FIRST_MOMENT, _LAST_MOMENT = np.array(["0001-01-01", "9999-12-31T23:59:59.999999"], "datetime64[us]").view(np.int64)
_WORD = pa.dictionary(pa.int32(), pa.string())
_COLUMN_NUMBER = re.compile(r"CSV column #(\d+)")


@dataclass(frozen=True)
class Typing:
    """How the records of one file become columns: the file's own column names and what is the same on every line."""

    layout: Layout
    file_columns: tuple[str, ...]
    source: str
    archive_id: str
    settlement_date: date

    def table(self, block: Block) -> pa.Table:
        """The block's records in the columns of `schema`.

        Raises:
            ArchiveRejected: LINES_MALFORMED, naming the first record that does not read.
        """
        check_octets(block)
        try:
            read = self._read(block.data)
        except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
            raise self._blame(block, str(error)) from None
        if read.num_rows != block.records:
            raise self._blame(block, "")
        typed = {name: self._typed(name, read, block) for name in self._columns}
        if self._optional:
            _check_together(typed, self._optional, block)
        return self._complete(typed, block)

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns of LINES in the file; repeating ones as dictionaries, which Parquet stores as plain ones."""
        return pa.schema(
            [
                field.with_type(pa.dictionary(pa.int32(), field.type)) if field.name in REPEATING else field
                for field in arrow_schema(LINES, self._optional)
            ]
        )

    @cached_property
    def _optional(self) -> dict[str, str]:
        given = set(self.layout.optional.values()).issubset(self.file_columns)
        return dict(self.layout.optional) if given else {}

    @cached_property
    def _columns(self) -> dict[str, str]:
        return {**self.layout.columns, **self._optional}

    @cached_property
    def _convert(self) -> arrow_csv.ConvertOptions:
        types = {}
        for name, in_file in self._columns.items():
            kind = LINES.column(name).kind
            text = _WORD if name in REPEATING else pa.string()
            types[in_file] = INSTANT if kind is Kind.INSTANT else text  # amounts are read more strictly than by pyarrow
        return arrow_csv.ConvertOptions(
            column_types=types,
            include_columns=list(self._columns.values()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            auto_dict_max_cardinality=1 << 30,
            check_utf8=False,
        )

    def _read(self, data: bytes) -> pa.Table:
        return arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=len(data) + 1, column_names=list(self.file_columns)
            ),
            parse_options=arrow_csv.ParseOptions(
                quote_char='"' if b'"' in data else False, double_quote=True, ignore_empty_lines=False
            ),
            convert_options=self._convert,
        ).combine_chunks()

    def _typed(self, name: str, read: pa.Table, block: Block) -> pa.Array:
        in_file, kind = self._columns[name], LINES.column(name).kind
        array = read.column(in_file).chunk(0)
        if kind is not Kind.INSTANT:
            array = _trimmed(array)
        if not LINES.column(name).nullable and array.null_count:
            raise malformed(block.first + _first_true(array.is_null()), f"column {in_file} is empty.")
        if name == "line_type":
            _check_line_types(array, block)
        if name in ("currency", "presentment_currency"):
            _check_currencies(array, block, in_file)
        if kind is Kind.INSTANT:
            _check_years(array, block, in_file)
        if name == "exchange_rate":
            return _rates(array, block, in_file)
        return _amounts(array, block, in_file) if kind is Kind.MONEY else array

    def _complete(self, typed: dict[str, pa.Array], block: Block) -> pa.Table:
        rows = block.records
        typed["source"] = constant(self.source, rows)
        typed["archive_id"] = constant(self.archive_id, rows)
        typed["settlement_date"] = constant(self.settlement_date, rows)
        typed["line_no"] = numbers(np.arange(block.first, block.first + rows, dtype=np.int64), pa.int64())
        return pa.Table.from_arrays([typed[name] for name in self.schema.names], schema=self.schema)

    def _blame(self, block: Block, message: str) -> ArchiveRejected:
        """Find the first record that does not read by halving the block; name the column when pyarrow names one."""
        records = block.data.splitlines(keepends=True)
        low, high = 0, len(records)
        while high - low > 1:
            middle = (low + high) // 2
            found = self._fails(b"".join(records[low:middle]), middle - low)
            if found is None:
                low = middle
            else:
                high, message = middle, found
        message = self._fails(b"".join(records[low:high]), high - low) or message
        column = _COLUMN_NUMBER.search(message)
        number = int(column.group(1)) if column else len(self.file_columns)
        name = self.file_columns[number] if number < len(self.file_columns) else None
        return malformed(
            block.first + low,
            f"column {name} does not read." if name else "it does not have the fields it should have.",
        )

    def _fails(self, data: bytes, records: int) -> str | None:
        try:
            return None if self._read(data).num_rows == records else "rows"
        except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
            return str(error)


def read_columns(record: bytes, layout: Layout) -> tuple[str, ...]:
    """The file's column names.

    Raises:
        ArchiveRejected: LAYOUT_UNKNOWN, when a mandatory one is missing or stands there twice, or an optional one does
            without the others.
    """
    try:
        names = tuple(name.strip(BLANKS) for name in next(csv.reader([record.decode()], strict=True), []))
    except (UnicodeDecodeError, csv.Error):
        raise ArchiveRejected(Reason.LAYOUT_UNKNOWN, "The column record does not read.") from None
    missing = [name for name in layout.columns.values() if names.count(name) != 1]
    if missing:
        raise ArchiveRejected(Reason.LAYOUT_UNKNOWN, f"Mandatory columns missing or given twice: {', '.join(missing)}.")
    optional = {name: names.count(name) for name in layout.optional.values()}
    if set(optional.values()) not in (set(), {0}, {1}):
        raise ArchiveRejected(Reason.LAYOUT_UNKNOWN, f"Columns that go together, once each: {', '.join(optional)}.")
    seen: dict[str, int] = {}
    return tuple(_unique(name, seen) for name in names)


def _amounts(column: pa.Array, block: Block, in_file: str) -> pa.Array:
    return _numbers(column, AMOUNT_DECIMALS, block, f"column {in_file} is not an amount with a point and two decimals.")


def _rates(column: pa.Array, block: Block, in_file: str) -> pa.Array:
    otherwise = f"column {in_file} is not a rate above 0 with a point and six decimals."
    rates = _numbers(column, RATE_DECIMALS, block, otherwise)
    bad = pc.less_equal(rates, pa.scalar(0, MONEY))
    if pc.any(bad).as_py():
        raise malformed(block.first + _first_true(bad), otherwise)
    return rates


def _numbers(column: pa.Array, decimals: int, block: Block, otherwise: str) -> pa.Array:
    """`column` as MONEY; what is NULL stays so."""
    given = column.drop_null() if column.null_count else column
    read = read_amounts(given, decimals) if len(given) else pa.nulls(0, MONEY)
    if read is None:
        raise malformed(block.first + first_that_is_none(column, decimals), otherwise)
    if not column.null_count:
        return read
    return pc.replace_with_mask(pa.nulls(len(column), MONEY), column.is_valid(), read)


def _check_together(typed: dict[str, pa.Array], together: dict[str, str], block: Block) -> None:
    first, *others = (typed[name].is_null() for name in together)
    for other in others:
        apart = pc.xor(first, other)
        if pc.any(apart).as_py():
            names = ", ".join(together.values())
            raise malformed(block.first + _first_true(apart), f"it gives some of {names} without the others.")


def _check_line_types(types: pa.DictionaryArray, block: Block) -> None:
    known = pc.is_in(types.dictionary, _LINE_TYPES)
    _check_words(types, known, block, "its type is none of the known ones.")


def _check_currencies(currencies: pa.DictionaryArray, block: Block, in_file: str) -> None:
    words = currencies.dictionary.to_pylist()
    codes = flags(np.array([CURRENCY.fullmatch(word) is not None for word in words], bool))
    _check_words(currencies, codes, block, f"column {in_file} is not three capital letters.")
    if len(words) > _MOST_CURRENCIES:
        raise ArchiveRejected(Reason.LINES_MALFORMED, "There are more currencies in it than in the world.")


def _check_words(column: pa.DictionaryArray, good: pa.BooleanArray, block: Block, otherwise: str) -> None:
    """`good` says of each word of the dictionary whether a record may have it; not every word there is in use."""
    if not pc.all(good).as_py():
        bad = pc.invert(pc.take(good, column.indices))
        if pc.any(bad).as_py():
            raise malformed(block.first + _first_true(bad), otherwise)


def _check_years(instants: pa.Array, block: Block, in_file: str) -> None:
    """ISO 8601 has a year 0, and an offset may lead into a year 10000; no calendar behind us has them."""
    moments = values_of(instants, np.int64)
    outside = (moments < _FIRST_MOMENT) | (moments > _LAST_MOMENT)
    if outside.any():
        raise malformed(block.first + int(outside.argmax()), f"column {in_file} is out of the calendar.")


def _trimmed(array: pa.Array) -> pa.Array:
    """Blanks and tabs around a text are layout, and a text of nothing else is NULL."""
    words = array.dictionary if isinstance(array, pa.DictionaryArray) else array
    data = words.buffers()[2]
    if data is None or not _holds_blank(data):
        return array
    trimmed = pc.ascii_trim(words, BLANKS)
    if trimmed.equals(words):
        return array
    if isinstance(array, pa.DictionaryArray):
        return pc.dictionary_encode(_null_if_empty(pc.take(trimmed, array.indices)))
    return _null_if_empty(trimmed)


def _holds_blank(data: pa.Buffer) -> bool:
    octets = data.to_pybytes()
    return b" " in octets or b"\t" in octets


def _null_if_empty(column: pa.Array) -> pa.Array:
    filled = pc.cast(pc.binary_length(column), pa.bool_())
    return pc.if_else(filled, column, pa.nulls(len(column), column.type))


def _first_true(where: pa.Array) -> int:
    return int(pc.index(where, True).as_py())


def _unique(name: str, seen: dict[str, int]) -> str:
    """Unknown columns may repeat; pyarrow's names may not."""
    seen[name] = seen.get(name, 0) + 1
    return name if seen[name] == 1 else f"{name}\0{seen[name]}"
