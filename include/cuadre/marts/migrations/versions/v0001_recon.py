"""The schema as first released: marts, their histories, views and functions, incidents, the role."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'cuadre_analyst') THEN
        CREATE ROLE cuadre_analyst NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN
    RAISE NOTICE 'role cuadre_analyst was not created here';
END
$$
"""
_GRANT = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'cuadre_analyst') THEN
        GRANT USAGE ON SCHEMA recon TO cuadre_analyst;
        GRANT SELECT ON ALL TABLES IN SCHEMA recon TO cuadre_analyst;
        REVOKE ALL ON recon.alembic_version FROM cuadre_analyst;
    END IF;
END
$$
"""


def upgrade() -> None:
    """Build everything. The statements stand in the `.sql` file beside this one."""
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    # The driver's own cursor, without parameters: a percent sign in a comment is just that.
    cursor = op.get_bind().connection.cursor()
    for statements in (script, _ROLE, _GRANT):
        cursor.execute(statements)


def downgrade() -> None:
    """Drop all marts: what was believed and decided is lost. The role stays, other schemas may use it."""
    op.execute(
        "DO $$ DECLARE mart text; BEGIN "
        "FOR mart IN SELECT tablename FROM pg_tables WHERE schemaname = 'recon' AND tablename <> 'alembic_version' "
        "LOOP EXECUTE format('DROP TABLE recon.%I CASCADE', mart); END LOOP; END $$"
    )
    op.execute("DROP FUNCTION recon.refuse_change()")
