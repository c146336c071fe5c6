"""How FastAPI by hand is started: uvicorn with its compiled loop and parser, one worker, no access log."""

from __future__ import annotations

from benchmarks.peers.peer import Kind, Peer, Site


class FastApiByHand(Peer):
    """A FastAPI endpoint around scikit-learn, on uvicorn."""

    name = "fastapi"
    title = "FastAPI + uvicorn by hand"
    kind = Kind.BY_HAND

    def command(self, site: Site) -> list[str]:
        return [
            *(str(site.python), "-m", "uvicorn", "benchmarks.peers.fastapi_by_hand.server:app"),
            *("--port", str(site.port), "--log-level", "warning", "--no-access-log"),
        ]
