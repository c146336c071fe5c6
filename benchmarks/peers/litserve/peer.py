"""How LitServe is started: one worker, batches of up to 16 that wait 2 ms at most, its faster queue."""

from __future__ import annotations

from benchmarks.peers.peer import Kind, Peer, Site


class LitServe(Peer):
    """LitServe with batching."""

    name = "litserve"
    title = "LitServe, batching 16"
    kind = Kind.PACKAGED

    def command(self, site: Site) -> list[str]:
        return [str(site.python), "-m", "benchmarks.peers.litserve.server", str(site.port)]
