"""Bytes to rows and answers to bytes: one file a wire format; no I/O, no Flask.

* ``strict_json``: JSON as RFC 8259 has it, and nothing more.
* ``native``: Carafe's own JSON: one record or many in, a prediction or predictions out.
* ``native_csv``: the same as CSV with a header.
* ``media``: which format came, and which one the client wants back.
* ``problem``: every error as an RFC 9457 problem document.
"""
