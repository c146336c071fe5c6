"""How an older database becomes today's, step by step: Alembic runs the files of ``versions`` in order."""
