"""The sandbox: make a settlement day with its answer key, list the faults it can plant, serve a folder over SFTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cuadre.cli.arguments import Day, Json, MaybeAsOf, Out, SourceFile
from cuadre.cli.show import err, grid, out, print_json

app = typer.Typer(help="A provider to try everything against.", no_args_is_help=True)

Lines = Annotated[int, typer.Option("--lines", min=0, metavar="N", help="Settlement lines of the day; 0: empty day.")]
Seed = Annotated[int, typer.Option("--seed", min=0, metavar="S", help="The same seed gives the same day.")]
Breaks = Annotated[
    float, typer.Option("--breaks", min=0, max=0.5, metavar="SHARE", help="Share of rows that are wrong.")
]
Exchanged = Annotated[
    float, typer.Option(min=0, max=1, metavar="SHARE", help="Share of payments made in another currency.")
]
Faults = Annotated[list[str] | None, typer.Option("--fault", metavar="NAME", help="See `cuadre sandbox faults`.")]
Previous = Annotated[
    Path | None, typer.Option(metavar="DIR", exists=True, file_okay=False, help="The day before: settle its orders.")
]
Parts = Annotated[int, typer.Option(min=1, max=99, help="Cut the day into so many archives.")]
Keys = Annotated[Path | None, typer.Option(metavar="DIR", help="Keys shared by several days; default: DIR of --out.")]


@app.command()
def archive(
    source: SourceFile,
    day: Day,
    lines: Lines,
    seed: Seed,
    out: Out,
    breaks: Breaks = 0.01,
    exchanged: Exchanged = 0.0,
    fault: Faults = None,
    as_of: MaybeAsOf = None,
    parts: Parts = 1,
    previous: Previous = None,
    keys: Keys = None,
    json: Json = False,
) -> None:
    """Make one settlement day: archives, orders, bank credits, key ring, source file and the answer key."""
    from cuadre.sandbox.archive import make_archive

    with err.status("making the day") as status:
        made = make_archive(
            source,
            day,
            lines=lines,
            seed=seed,
            out=out,
            breaks=breaks,
            exchanged=exchanged,
            faults=tuple(fault or ()),
            as_of=as_of,
            keys=keys,
            previous=previous,
            parts=parts,
            progress=status.update,
        )
    if json:
        print_json(
            {
                "archives": [str(path) for path in made.archives],
                "signatures": [str(path) for path in made.signatures],
                "archive_ids": list(made.archive_ids),
                "lines": made.lines,
                "as_of": made.as_of.isoformat(),
                "planted": made.planted,
                "source": str(made.source),
                "keyring": str(made.keyring),
            }
        )
        return
    for path in made.archives:
        err.print(f"{path}  {made.lines:,} lines, {path.stat().st_size:,} bytes", markup=False, soft_wrap=True)
    err.print(f"Answers as of {made.as_of.isoformat()}: {made.answers}", markup=False, soft_wrap=True)


@app.command()
def faults(json: Json = False) -> None:
    """List the faults an archive can be given, and the code each is refused with."""
    from cuadre.sandbox.faults import FAULTS

    if json:
        print_json([{"name": f.name, "code": f.expected, "doc": f.doc} for f in FAULTS.values()])
        return
    table = grid("Faults", "name", "refused as", "what is wrong")
    for fault in FAULTS.values():
        table.add_row(fault.name, fault.expected, fault.doc)
    out.print(table)


@app.command()
def serve(
    folder: Annotated[Path, typer.Argument(metavar="DIR", exists=True, file_okay=False)],
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
) -> None:
    """Serve a folder over SFTP on 127.0.0.1, read only, with one login, until Ctrl-C."""
    from cuadre.sandbox.provider import serve as serve_folder

    serve_folder(folder, port=port, say=err.print)
