"""The sandbox provider's day on disk: sealed archives, and beside them what the merchant and its bank would have.

`make_archive` is the whole of it. What happens on the day is drawn in `day`; how a file looks is in `layout`; the
sealing and everything that can go wrong with it is in `seal` and `faults`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import yaml

from cuadre.config import Source
from cuadre.model.digests import sha256_of
from cuadre.model.errors import ConfigurationError
from cuadre.sandbox import tables
from cuadre.sandbox.day import NOTHING_BEFORE, Day, draw_day
from cuadre.sandbox.faults import Fault, Stage, chosen
from cuadre.sandbox.keys import MADE_ON, Keys, sandbox_keys
from cuadre.sandbox.layout import Member, write_content
from cuadre.sandbox.rows import Rows
from cuadre.sandbox.seal import Sealing, seal

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SandboxDay:
    """What one day left behind. `lines` settlement lines in all archives; `planted` units by kind of break.

    `signatures` are the files beside the archives, by part, where the source's shape has them.
    """

    day: date
    as_of: datetime
    archives: tuple[Path, ...]
    archive_ids: tuple[str, ...]
    orders: Path
    bank_credits: Path
    answers: Path
    claims: Path | None
    source: Path
    keyring: Path
    signer: str
    lines: int
    planted: dict[str, int]
    signatures: tuple[Path, ...] = ()


def make_archive(
    source: Source,
    day: date,
    *,
    lines: int,
    seed: int,
    out: Path,
    breaks: float = 0.01,
    exchanged: float = 0.0,
    faults: tuple[str, ...] = (),
    as_of: datetime | None = None,
    keys: Path | None = None,
    previous: Path | None = None,
    parts: int = 1,
    signed_at: datetime | None = None,
    progress: Progress | None = None,
) -> SandboxDay:
    """Play provider and merchant for one settlement day and leave everything in `out`.

    Args:
        source: the provider account; its layout, fees, limits and zone are followed.
        day: the settlement date.
        lines: body records in all archives together; 0 is an empty day.
        seed: the same seed gives the same content, but for the randomness of the encryption.
        out: folder for the day; made when absent.
        breaks: share of rows that are wrong, 0 to 0.5.
        exchanged: share of payments made in another currency than they are settled in, 0 to 1.
        faults: names from `faults.FAULTS`, planted in the first archive.
        as_of: the moment the answers are true for; default noon UTC of the day after.
        keys: folder shared by several days for `keyring/` and `provider/`; default `out`.
        previous: folder of the day before: its pending orders are settled now, some of its orders are given back,
            and `claims.parquet` says which of them are used up.
        parts: number of archives the day is cut into.
        signed_at: when the provider signs; default 03:00 local on the day after, and never after now.
        progress: called with a sentence before each step.

    Raises:
        ConfigurationError: unknown fault, too few lines, or a source that cannot be played through.
    """
    say = progress or (lambda _: None)
    as_of = as_of or datetime.combine(day + timedelta(days=1), time(12), tzinfo=UTC)
    wrong = chosen(faults)
    _check_playable(source, wrong)
    out.mkdir(parents=True, exist_ok=True)
    say("Making keys")
    pair = sandbox_keys(keys or out)
    say(f"Drawing {lines:,} lines")
    before = NOTHING_BEFORE if previous is None else tables.read_before(previous, source)
    drawn = draw_day(source, day, lines=lines, seed=seed, breaks=breaks, exchanged=exchanged, before=before)
    tables.write_orders(out / "orders.parquet", source, drawn.orders)
    tables.write_bank_credits(out / "bank_credits.parquet", source, drawn.lines, day)
    if previous is not None:
        tables.write_claims(out / "claims.parquet", previous, day)
    sealed: list[Path] = []
    signatures: list[Path] = []
    signers = {pair.sender}
    moment = signed_at or min(source.local(day, time(3)), datetime.now(UTC))
    pieces = _cut(drawn, parts)
    for number, rows in enumerate(pieces, start=1):
        say(f"Writing and sealing part {number} of {parts}")
        member = Member(source.merchant, day, number, parts)
        path = out / source.transport.names.name_of(source.merchant, day, number, parts)
        signer, signature = _archive(path, source, rows, member, pair, moment, wrong if number == 1 else {})
        signers.add(signer)
        sealed.append(path)
        signatures += [signature] if signature else []
    say("Writing the answers")
    ids = tuple(sha256_of(path) for path in sealed)
    tables.write_answers(out / "answers.parquet", source, list(zip(ids, pieces, strict=True)), drawn.orders, day, as_of)
    _write_source(out / "source.yaml", source, pair, signers)
    return SandboxDay(
        day=day,
        as_of=as_of,
        archives=tuple(sealed),
        archive_ids=ids,
        orders=out / "orders.parquet",
        bank_credits=out / "bank_credits.parquet",
        answers=out / "answers.parquet",
        claims=None if previous is None else out / "claims.parquet",
        source=out / "source.yaml",
        keyring=pair.keyring,
        signer=pair.sender,
        lines=len(drawn.lines),
        planted=drawn.planted,
        signatures=tuple(signatures),
    )


def _check_playable(source: Source, faults: dict[Stage, Fault]) -> None:
    """Faults are made for the default shape and container; in others they would be refused for another reason."""
    if Stage.MESSAGE in faults and source.trust.shape != "signed_then_encrypted":
        raise ConfigurationError(f"{faults[Stage.MESSAGE].name} is made for the shape signed_then_encrypted only.")
    if Stage.ZIP in faults and source.container != "zip":
        raise ConfigurationError(f"{faults[Stage.ZIP].name} is made for the container zip only.")


def _cut(day: Day, parts: int) -> list[Rows]:
    """The lines of each part, cut between batches so that every part balances by itself."""
    bounds = [day.batches * part // parts for part in range(parts + 1)]
    batch = day.lines["batch"]
    return [day.lines[(batch > low) & (batch <= high)] for low, high in pairwise(bounds)]


def _archive(
    path: Path, source: Source, rows: Rows, member: Member, keys: Keys, moment: datetime, faults: dict[Stage, Fault]
) -> tuple[str, Path | None]:
    """Write, pack and seal one part; the fingerprint of the signer the source file must allow, and its signature."""
    content, zipped, message = (faults.get(stage) for stage in Stage)
    if content and content.content:
        member = content.content(member)
    with tempfile.TemporaryDirectory(prefix="cuadre-") as folder:
        plain = Path(folder) / "plain"
        write_content(plain, path.name, source, rows, member)
        if zipped and zipped.zip:
            zipped.zip(plain, path.name)
        sealing = Sealing(plain, path, keys, moment, source.trust.shape)
        if message and message.message:
            return message.message(sealing) or keys.sender, None
        return keys.sender, seal(sealing)


def _write_source(path: Path, source: Source, keys: Keys, signers: set[str]) -> None:
    """The source file as it would be reviewed: the given one, believing the sandbox's keys only."""
    data = source.model_dump(mode="json", exclude_unset=True)
    roles = [*(("signer", signer) for signer in sorted(signers)), ("decryption", keys.receiver)]
    data["trust"]["keys"] = [{"role": r, "fingerprint": f, "valid_from": MADE_ON.isoformat()} for r, f in roles]
    data["trust"]["keyring"] = {"folder": str(keys.keyring.resolve())}
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")
