"""A batch's columns as Rows hold them: at once where that is certain, value by value for the few that are doubtful.

``texts`` for fields of CSV, ``typed`` for columns of Parquet and Arrow, ``values`` for what JSON holds. Each takes and
refuses exactly what a request's records may hold (``carafe.schema.values``); tests compare them.
"""
