"""A file changed while it is being looked at, by somebody who can write where it lies: what is read is what was judged.

gpg is started through a script that first changes the files in place, and gives them their old time back, at one of its
starts: before the keys are listed, before a signature is checked, before either pass.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cuadre.config import load_source
from cuadre.pipeline.admit import admit
from tests.fixtures.openpgp import NAME, NOW, Keys, csv_text, zipped

EXAMPLE = Path(__file__).parents[2] / "include" / "sources" / "pagoefectivo_pe.yaml"
SCRIPT = """#!/bin/sh
echo >> "{folder}/starts"
if [ "$(wc -l < "{folder}/starts")" -ge {start} ] && mkdir "{folder}/changed" 2>/dev/null; then
    for file in "{folder}"/incoming/*; do
        touch -r "$file" "{folder}/time"
        cat "{folder}/other/${{file##*/}}" > "$file"
        touch -r "{folder}/time" "$file"
    done
fi
exec {gpg} "$@"
"""
Pair = tuple[bytes, bytes | None]


def _inside(keys: Keys, content: bytes) -> Pair:
    return keys.seal(content), None


def _around(keys: Keys, content: bytes) -> Pair:
    return keys.sign(keys.encrypt(content)), None


def _over_ciphertext(keys: Keys, content: bytes) -> Pair:
    message = keys.encrypt(content)
    return message, keys.provider("-u", "sender", "--detach-sign", data=message)


def _over_plaintext(keys: Keys, content: bytes) -> Pair:
    return keys.encrypt(content), keys.provider("-u", "sender", "--detach-sign", data=content)


SHAPES: dict[str, Callable[[Keys, bytes], Pair]] = {
    "signed_then_encrypted": _inside,
    "encrypted_then_signed": _around,
    "detached_over_ciphertext": _over_ciphertext,
    "detached_over_plaintext": _over_plaintext,
}


@pytest.mark.parametrize("start", range(1, 6))
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_admitted_is_what_was_there_at_first(
    shape: str, start: int, pgp_keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message, signature = SHAPES[shape](pgp_keys, zipped(csv_text()))
    archive = _lay(tmp_path / "incoming", message, signature)
    _lay(tmp_path / "other", *SHAPES[shape](pgp_keys, zipped(csv_text().replace("ORD-", "BAD-"))))
    _put_before_gpg(tmp_path, start, monkeypatch)
    admission = admit(
        archive,
        load_source(EXAMPLE).model_copy(update={"trust": pgp_keys.trust("sender", shape=shape)}),
        keyring=pgp_keys.ours.home,
        out=tmp_path / "out",
        now=NOW,
        signature=archive.with_name(f"{NAME}.sig") if signature else None,
    )
    assert (admission.verdict, admission.archive_id) == ("admitted", sha256(message).hexdigest())
    lines = pq.read_table(tmp_path / "out" / "lines-000.parquet").to_pylist()
    assert {(line["merchant_reference"][:4], line["archive_id"]) for line in lines} == {("ORD-", admission.archive_id)}
    starts = len((tmp_path / "starts").read_text().splitlines())
    assert start > starts or archive.read_bytes() != message, "nothing was changed"


def _lay(folder: Path, message: bytes, signature: bytes | None) -> Path:
    """The archive, with its signature file beside it if there is one."""
    folder.mkdir()
    (folder / NAME).write_bytes(message)
    if signature is not None:
        (folder / f"{NAME}.sig").write_bytes(signature)
    return folder / NAME


def _put_before_gpg(folder: Path, start: int, monkeypatch: pytest.MonkeyPatch) -> None:
    script = folder / "bin" / "gpg"
    script.parent.mkdir()
    script.write_text(SCRIPT.format(folder=folder, start=start, gpg=shutil.which("gpg")))
    script.chmod(0o700)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
