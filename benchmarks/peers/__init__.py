"""How each server is prepared, started and asked: one folder a peer.

``peer.py`` runs in the environment at hand; ``server.py``, where there is one, is what a user of that peer writes, and
runs in the peer's own environment, as ``requirements.txt`` has it. Keep this file empty: both sides import it.
"""
