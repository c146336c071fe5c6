"""Aliases that share their requests among versions, the history of every change, and gates before a promotion."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Let every alias keep its version, answering everything, and begin the history with what is there."""
    op.create_table(
        "alias_versions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("alias_id", sa.Integer, sa.ForeignKey("aliases.id"), nullable=False),
        sa.Column("version_id", sa.Integer, sa.ForeignKey("versions.id"), nullable=False, index=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("hundredths", sa.Integer, nullable=False),
        sa.UniqueConstraint("alias_id", "version_id"),
    )
    op.create_table(
        "history",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("model_id", sa.Integer, sa.ForeignKey("models.id"), nullable=False, index=True),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("author", sa.String(500), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("alias", sa.String(64), nullable=True),
        sa.Column("number", sa.Integer, nullable=True),
        sa.Column("before", sa.Text, nullable=True),
        sa.Column("after", sa.Text, nullable=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("forced", sa.Boolean, nullable=False),
    )
    op.add_column("models", sa.Column("gates", sa.Text, nullable=True))
    op.execute(
        "INSERT INTO alias_versions (alias_id, version_id, position, hundredths) "
        "SELECT id, version_id, 0, 10000 FROM aliases"
    )
    _begin_the_history()
    with op.batch_alter_table("aliases") as aliases:
        aliases.add_column(sa.Column("sticky", sa.String(200), nullable=True))
        aliases.add_column(sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
        aliases.drop_index("ix_aliases_version_id")
        aliases.drop_column("version_id")
    op.execute(
        "UPDATE aliases SET revision = (SELECT max(history.id) FROM history "
        "WHERE history.model_id = aliases.model_id AND history.alias = aliases.alias)"
    )
    with op.batch_alter_table("aliases") as aliases:
        aliases.alter_column("revision", server_default=None)


def _begin_the_history() -> None:
    """Write one entry a version and one an alias, in the order in which they came to be."""
    op.execute(
        "INSERT INTO history (model_id, created, author, action, alias, number, after, reason, forced) "
        "SELECT model_id, created, '', action, alias, number, after, reason, false FROM ("
        "SELECT model_id, created, 0 AS turn, 'publish' AS action, NULL AS alias, number, NULL AS after, "
        "verdict AS reason FROM versions "
        "UNION ALL "
        "SELECT aliases.model_id, aliases.changed, 1, 'promote', aliases.alias, NULL, "
        '\'{"shares": [{"version": \' || versions.number || \', "percent": 100.0}]}\', '
        "'pointed here when the history began' "
        "FROM aliases JOIN versions ON versions.id = aliases.version_id"
        ") AS past ORDER BY created, turn, number, alias"
    )
