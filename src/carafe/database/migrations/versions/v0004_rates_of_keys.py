"""How much the owner of a key may ask."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Leave every key to the service's own setting, as before."""
    op.add_column("keys", sa.Column("rate", sa.String(32), nullable=True))
