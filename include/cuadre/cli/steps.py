"""The steps that work on files alone: admit, check, reconcile. Each calls its function of the pipeline and shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cuadre.cli.arguments import AsOf, Json, KeyringDir, Out, SourceFile
from cuadre.cli.places import passphrase_of
from cuadre.cli.show import Exit, print_json, progress, show_admission, show_checks, show_reconciliation, stop
from cuadre.config.settings import compute_settings
from cuadre.model.codes import Verdict
from cuadre.model.records import to_json

Archive = Annotated[Path, typer.Argument(metavar="ARCHIVE", exists=True, dir_okay=False, help="The encrypted archive.")]
Lines = Annotated[Path, typer.Argument(metavar="LINES", exists=True, help="Lines as Parquet: a file or a folder.")]
LinesOption = Annotated[Path, typer.Option("--lines", exists=True, help="Lines as Parquet: a file or a folder.")]
OrdersFile = Annotated[Path, typer.Option("--orders", exists=True, dir_okay=False, help="Orders as Parquet.")]
OpenItems = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="open_items.parquet of the day before.")
]
BankCredits = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="Bank credits as Parquet: hold batches against them.")
]
Earlier = Annotated[
    Path | None, typer.Option(exists=True, help="outcomes.parquet of earlier days: a file or a folder.")
]
Claims = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="What else earlier days cleared and gave back, as Parquet."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(admit)
    app.command()(check)
    app.command()(reconcile)


def admit(
    archive: Archive,
    source: SourceFile,
    keyring: KeyringDir,
    out: Out,
    signature: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="A detached signature.")] = None,
    json: Json = False,
) -> None:
    """Verify, decrypt and type one archive; leave its lines in DIR only when it is admitted.

    The passphrase of the decryption key is read where the source file says (`trust.passphrase`), or else, and for an
    Airflow connection, from the environment variable CUADRE_PASSPHRASE.
    """
    from cuadre.pipeline.admit import admit as admit_archive

    with progress(f"admitting {archive.name}", archive.stat().st_size) as reached:
        admission = admit_archive(
            archive,
            source,
            keyring=keyring,
            out=out,
            now=datetime.now(UTC),
            passphrase=passphrase_of(source),
            signature=signature,
            progress=reached,
        )
    if json:
        print_json(to_json(admission))
    else:
        show_admission(admission)
    if admission.verdict is Verdict.REJECTED:
        stop(Exit.REFUSED, f"Rejected, {admission.reason}: {admission.detail}")


def check(
    lines: Lines,
    source: SourceFile,
    docs: Annotated[Path | None, typer.Option(metavar="DIR", help="Write data docs (HTML) here.")] = None,
    json: Json = False,
) -> None:
    """Run the source's expectations over admitted lines; a failed critical one is refused."""
    from cuadre.pipeline.check import check as check_lines
    from cuadre.pipeline.check import gate

    with progress("checking"):
        report = check_lines(lines, source, docs=docs)
    if json:
        print_json(to_json(report))
    else:
        show_checks(report)
    gate(report)


def reconcile(
    lines: LinesOption,
    orders: OrdersFile,
    source: SourceFile,
    as_of: AsOf,
    out: Out,
    open_items: OpenItems = None,
    bank_credits: BankCredits = None,
    bank_matches: Annotated[
        Path | None, typer.Option(exists=True, help="bank_matches.parquet of earlier days: a file or a folder.")
    ] = None,
    earlier: Earlier = None,
    claims: Claims = None,
    engine: Annotated[str | None, typer.Option(help="duckdb or spark; the one the source names.")] = None,
    spark_remote: Annotated[
        str | None, typer.Option(metavar="URL", help="Spark Connect address; CUADRE_SPARK_REMOTE, or none: local.")
    ] = None,
    json: Json = False,
    fail_on_breaks: Annotated[
        bool, typer.Option("--fail-on-breaks", help="Exit with 4 when there are breaks.")
    ] = False,
) -> None:
    """Match lines with orders; leave outcomes.parquet, open_items.parquet and suggestions.parquet in DIR.

    With --bank-credits, batches are held against the bank as well: bank_matches.parquet.
    """
    from cuadre.pipeline.reconcile import reconcile as reconcile_files

    compute = compute_settings(engine or source.matching.engine)
    with progress("reconciling"):
        report = reconcile_files(
            lines=lines,
            orders=orders,
            source=source,
            as_of=as_of,
            out=out,
            open_items=open_items,
            bank_credits=bank_credits,
            bank_matches=bank_matches,
            earlier=earlier,
            claims=claims,
            compute=replace(compute, spark_remote=spark_remote or compute.spark_remote),
        )
    if json:
        print_json(to_json(report))
    else:
        show_reconciliation(report)
    if fail_on_breaks and report.breaks:
        stop(Exit.BREAKS, f"{report.breaks:,} breaks.")
