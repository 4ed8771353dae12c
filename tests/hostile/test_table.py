"""The table of hostile input: whatever comes, the step admits nothing of it, says why by code, and journals that.

Rows are in `messages.py` (OpenPGP), `zips.py` and `members.py`; every one is made by real GnuPG while the test runs
and goes through the step that the DAG calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from cuadre.config import Source, load_source
from cuadre.config.secrets import resolve
from cuadre.config.settings import Settings
from cuadre.model.codes import RejectionReason as Reason
from cuadre.model.digests import sha256_of
from cuadre.model.errors import ArchiveRejected, ConfigurationError
from cuadre.model.records import FetchedArchive, to_json
from cuadre.pipeline.line import admit_archive
from cuadre.pipeline.workplace import Workplace, workplace
from tests.fixtures.openpgp import DAY, MEMBER, NAME, NOW, Keys, zipped
from tests.hostile.containers import BAD_CONTENTS, GOOD_CONTENTS
from tests.hostile.members import MEMBERS
from tests.hostile.messages import GOOD_MESSAGES, MESSAGES
from tests.hostile.shapes import BAD_SHAPES, GOOD_SHAPES, Pair, over_ciphertext
from tests.hostile.zips import BAD_ZIPS

EXAMPLE = Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml"
TABLE: dict[str, tuple[Callable[[Keys], bytes], Reason]] = {
    **{f"message: {name}": row for name, row in MESSAGES.items()},
    **{
        f"ZIP: {name}": (lambda keys, data=data: keys.seal(data), reason)  # type: ignore[misc]  # a default binds it
        for name, (data, reason) in BAD_ZIPS.items()
    },
    **{
        f"member {name}": (lambda keys, text=text: keys.seal(zipped(text)), reason)  # type: ignore[misc]  # likewise
        for name, (text, reason) in MEMBERS.items()
    },
}


@pytest.fixture(scope="module")
def source(pgp_keys: Keys, module_warehouse_url: str, tmp_path_factory: pytest.TempPathFactory) -> Source:
    folder = tmp_path_factory.mktemp("source")
    (folder / "warehouse.url").write_text(module_warehouse_url)
    data = yaml.safe_load(EXAMPLE.read_text()) | {"warehouse": {"file": str(folder / "warehouse.url")}}
    (folder / "shop.yaml").write_text(yaml.safe_dump(data))
    trust = pgp_keys.trust("sender", "outdated", "revoked", "short", "rsa", "dsa")
    return load_source(folder / "shop.yaml").model_copy(update={"trust": trust})


@pytest.fixture
def work(tmp_path: Path) -> Workplace:
    return workplace(
        Settings(
            sources=tmp_path,
            store=str(tmp_path / "store"),
            scratch=tmp_path / "scratch",
            journal=tmp_path / "journal.jsonl",
            alerts=tmp_path / "alerts.jsonl",
        ),
        resolve,
    )


def test_the_table_is_long_and_knows_every_code_of_a_refusal() -> None:
    assert len(TABLE) >= 120
    assert {reason for _, reason in TABLE.values()} == set(Reason)


@pytest.mark.parametrize("name", GOOD_MESSAGES)
def test_a_good_archive_is_admitted_on_the_same_way(name: str, work: Workplace, source: Source, pgp_keys: Keys) -> None:
    record = _admitting(work, source, GOOD_MESSAGES[name](pgp_keys))
    assert record["admission"]["verdict"] == "admitted"
    assert _left(work) == ["admissions", "lines", "raw"]


@pytest.mark.parametrize("name", TABLE)
def test_nothing_of_it_is_admitted(name: str, work: Workplace, source: Source, pgp_keys: Keys) -> None:
    make, reason = TABLE[name]
    _refuses(work, source, (make(pgp_keys), None), reason)


@pytest.mark.parametrize("name", GOOD_SHAPES)
def test_a_good_archive_of_the_named_shape_is_admitted(
    name: str, work: Workplace, source: Source, pgp_keys: Keys
) -> None:
    shape, make = GOOD_SHAPES[name]
    admission = _admitting(work, _shaped(source, shape), *make(pgp_keys))["admission"]
    assert (admission["verdict"], admission["shape"], admission["lines"]) == ("admitted", shape, 3)
    assert admission["signer"] == pgp_keys.fingerprints["sender"]


@pytest.mark.parametrize("name", BAD_SHAPES)
def test_nothing_is_admitted_that_the_named_shape_does_not_take(
    name: str, work: Workplace, source: Source, pgp_keys: Keys
) -> None:
    shape, make, reason = BAD_SHAPES[name]
    _refuses(work, _shaped(source, shape), make(pgp_keys), reason)


@pytest.mark.parametrize("name", GOOD_CONTENTS)
def test_a_good_content_of_the_declared_container_is_admitted(
    name: str, work: Workplace, source: Source, pgp_keys: Keys
) -> None:
    container, content = GOOD_CONTENTS[name]
    admission = _admitting(work, source.model_copy(update={"container": container}), pgp_keys.seal(content))[
        "admission"
    ]
    assert (admission["verdict"], admission["lines"], admission["members"]) == ("admitted", 3, [MEMBER])


@pytest.mark.parametrize("name", BAD_CONTENTS)
def test_no_content_is_admitted_that_is_not_exactly_the_declared_container(
    name: str, work: Workplace, source: Source, pgp_keys: Keys
) -> None:
    container, content, reason = BAD_CONTENTS[name]
    _refuses(work, source.model_copy(update={"container": container}), (pgp_keys.seal(content), None), reason)


@pytest.mark.parametrize("shape", ["signed_then_encrypted", "encrypted_then_signed"])
def test_a_signature_file_for_a_shape_without_one_is_our_mistake(
    shape: str, work: Workplace, source: Source, pgp_keys: Keys
) -> None:
    with pytest.raises(ConfigurationError, match=shape):
        _admitting(work, _shaped(source, shape), *over_ciphertext(pgp_keys))


def _refuses(work: Workplace, source: Source, pair: Pair, reason: Reason) -> None:
    with pytest.raises(ArchiveRejected) as refused:
        _admitting(work, source, *pair)
    assert refused.value.reason is reason
    assert refused.value.detail
    assert _left(work) == ["admissions", "raw"]
    assert list(work.scratch.iterdir()) == []
    (entry,) = [json.loads(line) for line in (work.scratch.parent / "journal.jsonl").read_text().splitlines()]
    assert (entry["step"], entry["outcome"]) == ("admit", "refused")
    admission = entry["record"]["admission"]
    assert (admission["verdict"], admission["reason"], admission["lines"]) == ("rejected", reason.name, 0)
    assert entry["record"]["archive_id"] == admission["archive_id"]


def _shaped(source: Source, shape: str) -> Source:
    return source.model_copy(update={"trust": source.trust.model_copy(update={"shape": shape})})


def _kept(work: Workplace, source: Source, content: bytes) -> str:
    """SHA-256 of `content`, which is in the store now."""
    lake = work.lake(source)
    file = work.scratch.parent / "message"
    file.write_bytes(content)
    lake.store.put_new(lake.raw(sha256_of(file)), file)
    return sha256_of(file)


def _admitting(
    work: Workplace, source: Source, message: bytes, signature: bytes | None = None
) -> dict[str, dict[str, object]]:
    """What `fetch` would have left of `message` and its signature file, and then the step."""
    lake = work.lake(source)
    archive_id = _kept(work, source, message)
    fetched = FetchedArchive(
        source=source.source,
        settlement_date=DAY,
        name=NAME,
        archive_id=archive_id,
        bytes=len(message),
        key=lake.raw(archive_id),
        part=1,
        parts=1,
        signature_key=None if signature is None else lake.raw(_kept(work, source, signature)),
    )
    return admit_archive(work, source, DAY, to_json(fetched), now=NOW)


def _left(work: Workplace) -> list[str]:
    """Kinds of things in the store: ciphertexts, admission records, admitted lines."""
    keys = work.store.list("")
    known = {"raw": "raw/", "admissions": "/admissions/", "lines": "/lines/"}
    assert all(any(part in key for part in known.values()) for key in keys)
    return sorted(kind for kind, part in known.items() if any(part in key for key in keys))
