"""What Alembic runs to migrate: the connection comes from ``upgrade.py``, and all steps share one transaction."""

from alembic import context

from carafe.database.migrations.references import check_references
from carafe.database.tables_sql import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,  # SQLite can, once the driver leaves transactions alone: a crash undoes the whole step
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
    check_references(context.config.attributes["connection"])
