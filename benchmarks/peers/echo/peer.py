"""How the bare echo is started: Granian with the number of threads that suits it best."""

from __future__ import annotations

from benchmarks.peers.peer import Kind, Peer, Site


class Echo(Peer):
    """A bare WSGI callable on Granian: JSON in, a fixed answer out, no model."""

    name = "echo"
    title = "bare WSGI echo on Granian"
    kind = Kind.LIMIT
    here = True

    def command(self, site: Site) -> list[str]:
        return [
            *(str(site.python), "-m", "granian", "benchmarks.peers.echo.server:app", "--interface", "wsgi"),
            *("--port", str(site.port), "--workers", "1", "--blocking-threads", "16", "--http", "1", "--no-ws"),
            *("--log-level", "warning"),
        ]
