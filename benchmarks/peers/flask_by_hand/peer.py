"""How Flask by hand is started: gunicorn, one worker on its one core, connections kept open by threads."""

from __future__ import annotations

from benchmarks.peers.peer import Kind, Peer, Site


class FlaskByHand(Peer):
    """A Flask view around scikit-learn, behind gunicorn."""

    name = "flask"
    title = "Flask + gunicorn by hand"
    kind = Kind.BY_HAND
    here = True

    def command(self, site: Site) -> list[str]:
        return [
            *(str(site.python), "-m", "gunicorn", "benchmarks.peers.flask_by_hand.server:app"),
            *("--bind", f"127.0.0.1:{site.port}", "--workers", "1", "--threads", "4", "--log-level", "warning"),
        ]
