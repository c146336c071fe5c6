"""The tables, as today's code wants them. A test compares them with what the migrations build."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every constraint has a name that follows from its columns, so that a later migration can change it anywhere."""


def _ordered(length: int) -> TypeEngine[str]:
    """Return the type of a name that lists are ordered by: by its bytes, on every database, in every language."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: aware in Python, without a zone in the database, the same on SQLite and PostgreSQL."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what the database stores."""
        del dialect
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what the program sees."""
        del dialect
        return None if value is None else value.replace(tzinfo=UTC)


home = Table(
    "home",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("generation", Integer, nullable=False),
    Column("secret_check", String(64), nullable=True),
    CheckConstraint("id = 1", name="single"),
)
"""One row. ``generation``: how many changes the registry has seen; writers take this row first, so they queue on it.
``secret_check``: a digest by which a secret that belongs to another home is recognised."""

models = Table(
    "models",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", _ordered(64), nullable=False, unique=True),
    Column("created", UtcDateTime, nullable=False),
    Column("last_number", Integer, nullable=False),
    Column("gates", Text, nullable=True),
)
"""A row stays when its last version is deleted, so that no version number is ever used twice."""

versions = Table(
    "versions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("model_id", Integer, ForeignKey("models.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("task", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("artefact", String(64), nullable=False, unique=True),
    Column("manifest", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    UniqueConstraint("model_id", "number"),
)

aliases = Table(
    "aliases",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("model_id", Integer, ForeignKey("models.id"), nullable=False),
    Column("alias", _ordered(64), nullable=False),
    Column("sticky", String(200), nullable=True),
    Column("changed", UtcDateTime, nullable=False),
    Column("revision", Integer, nullable=False),
    UniqueConstraint("model_id", "alias"),
)

alias_versions = Table(
    "alias_versions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("alias_id", Integer, ForeignKey("aliases.id"), nullable=False),
    Column("version_id", Integer, ForeignKey("versions.id"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("hundredths", Integer, nullable=False),
    UniqueConstraint("alias_id", "version_id"),
)
"""What an alias points at. ``hundredths`` of a percent of its requests; 0 for a shadow. Position 0 is the main one."""

history = Table(
    "history",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("model_id", Integer, ForeignKey("models.id"), nullable=False, index=True),
    Column("created", UtcDateTime, nullable=False),
    Column("author", String(500), nullable=False),
    Column("action", String(32), nullable=False),
    Column("alias", String(64), nullable=True),
    Column("number", Integer, nullable=True),
    Column("before", Text, nullable=True),
    Column("after", Text, nullable=True),
    Column("reason", Text, nullable=False),
    Column("forced", Boolean, nullable=False),
)
"""Rows are only ever added, so no number is used twice. ``before`` and ``after`` are traffic as JSON."""

rollouts = Table(
    "rollouts",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("model_id", Integer, ForeignKey("models.id"), nullable=False, index=True),
    Column("alias", String(64), nullable=False),
    Column("stable", Integer, nullable=False),
    Column("candidate", Integer, nullable=False),
    Column("before", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("state", String(32), nullable=False, index=True),
    Column("step", Integer, nullable=False),
    Column("lasted", Float, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("began", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("author", String(500), nullable=False),
    Column("reason", Text, nullable=False),
    Column("outcome", Text, nullable=False),
)
"""Rows stay when a rollout has ended. ``before`` is the alias's traffic as JSON; ``lasted``: for how many seconds
workers have watched the step; ``revision``: the alias's, as the rollout last wrote it."""

rollout_figures = Table(
    "rollout_figures",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("rollout_id", Integer, ForeignKey("rollouts.id"), nullable=False),
    Column("step", Integer, nullable=False),
    Column("worker", String(64), nullable=False),
    Column("seen", Text, nullable=False),
    UniqueConstraint("rollout_id", "step", "worker"),
)
"""What one worker has seen of both versions during a step, as JSON; it writes its row anew as it sees more."""

keys = Table(
    "keys",
    METADATA,
    Column("id", _ordered(32), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("role", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("revoked", UtcDateTime, nullable=True),
    Column("rate", String(32), nullable=True),
)
"""API keys: only a keyed digest of each. A revoked key keeps its row, so that what it did can still be named."""
