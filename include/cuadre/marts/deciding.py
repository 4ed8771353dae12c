"""The DDL around `recon.decision`: what keeps it as it was written, and the views that show breaks with decisions.

What does not live here: the table itself (`schema.py`), and who may decide what (`decisions.py`).
"""

from __future__ import annotations

from pathlib import Path

from cuadre.model.columns import OPEN_BREAK, STANDING_DECISION, Table

VIEWS = (STANDING_DECISION, OPEN_BREAK)
"""In the order in which they rest on each other."""

LOGIN = "[a-z0-9][a-z0-9._-]{0,63}"
"""How people are named: never by an e-mail address, and never in two spellings."""

CONTENT = ("outcome", "currency", "expected", "got", "delta")
"""What a decision is about: an item that is another in one of these was not decided on."""

FITS = "ROW({}) IS NOT DISTINCT FROM ROW({})".format(
    *(", ".join(f"{row}.{name}" for name in CONTENT) for row in ("d", "b"))
)
"""SQL: whether the break `b` still is what the decision `d` was made on."""

_FOLDER = Path(__file__).parent / "views"


def select_sql(view: Table) -> str:
    """The SELECT behind one of `VIEWS`."""
    return (_FOLDER / f"{view.name}.sql").read_text(encoding="utf-8").strip().replace("${fits}", FITS)


def guard_ddl() -> list[str]:
    """Statements after which decisions can only be added, in one shape for each kind, by people with a login."""
    return [
        "CREATE INDEX decision_item ON recon.decision (source, item_id)",
        "CREATE INDEX decision_refers_to ON recon.decision (refers_to) WHERE refers_to IS NOT NULL",
        "ALTER TABLE recon.decision"
        f" ADD CONSTRAINT decision_people CHECK (decided_by ~ '^{LOGIN}$' AND assignee ~ '^{LOGIN}$'),"
        " ADD CONSTRAINT decision_refers CHECK ((kind IN ('approve', 'void')) = (refers_to IS NOT NULL)),"
        " ADD CONSTRAINT decision_links CHECK ((kind = 'link') = (linked_to IS NOT NULL)),"
        " ADD CONSTRAINT decision_assigns CHECK ((kind = 'assign') = (assignee IS NOT NULL))",
        "CREATE FUNCTION recon.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION"
        " 'recon.% is only added to; undo a decision by a later one of kind void', TG_TABLE_NAME"
        " USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recon.decision"
        " FOR EACH STATEMENT EXECUTE FUNCTION recon.refuse_change()",
        "ALTER TABLE recon.decision ENABLE ALWAYS TRIGGER append_only",
    ]
