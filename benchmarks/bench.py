"""What the parts share: the options, the machine, the trained models, and servers ready to be started."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from benchmarks.load import Call, Figures, load
from benchmarks.machine import Machine
from benchmarks.options import Options
from benchmarks.peers.peer import Kind, Peer, Site
from benchmarks.process import Server, check_answers, free_port, running
from benchmarks.workloads import Trained, Workload, train


@dataclass(kw_only=True)
class Bench:
    """One run of the suite."""

    options: Options
    machine: Machine
    peers: tuple[Peer, ...]
    _trained: dict[str, Trained] = field(default_factory=dict)
    _sites: dict[tuple[str, str], Site] = field(default_factory=dict)

    def trained(self, workload: Workload) -> Trained:
        """Return a trained workload; it is trained once a run."""
        if workload.name not in self._trained:
            print(f"training {workload.name}: {workload.about}", flush=True)
            self._trained[workload.name] = train(workload, self.folder("models", workload.name))
        return self._trained[workload.name]

    def site(self, peer: Peer, trained: Trained, *, name: str = "") -> Site:
        """Return where ``peer`` serves a model; its environment and what it loads are made once a run.

        ``name`` keeps apart what a part does to a site from what others find there; by default it is the model's.

        Raises:
            NotInstalled, subprocess.CalledProcessError, CarafeError: when that fails.
        """
        key = (peer.name, name or trained.workload.name)
        if key not in self._sites:
            python = peer.python(here=self.options.here)
            site = Site(trained=trained, folder=self.folder(*key), python=python, port=free_port())
            peer.prepare(site)
            self._sites[key] = site
        return self._sites[key]

    @contextlib.contextmanager
    def serving(self, peer: Peer, site: Site, *, cores: Sequence[int] = ()) -> Iterator[Server]:
        """Start a peer's server, on the server's core unless told others, and stop it afterwards."""
        cores = cores or (self.machine.server_core,)
        command, environ = peer.command(site), peer.environ(site)
        with running(command, port=site.port, cores=cores, environ=environ, folder=site.folder) as server:
            yield server

    def first_answer(self, peer: Peer, site: Site, server: Server) -> float:
        """Wait for a server's first prediction, check all of them, and return the seconds from command to first.

        Raises:
            ServerFailed: when it does not come, or an answer is not the trained model's.
        """
        call = peer.call(site)
        server.wait_for("POST", call.path, call.bodies[0], call.headers)
        seconds = server.age
        if peer.kind is not Kind.LIMIT:
            check_answers(server, call, site.trained.expected, peer.read)
        return seconds

    def load(self, call: Call, server: Server, *, connections: int, seconds: float | None = None) -> Figures:
        """Load a server from the load generator's core; for as long as the options say, unless told otherwise."""
        before = server.core_seconds
        figures = load(
            call,
            port=server.port,
            connections=connections,
            seconds=self.options.seconds if seconds is None else seconds,
            machine=self.machine,
            folder=server.log.parent,
        )
        core_us = (server.core_seconds - before) * 1e6 / figures.requests
        return msgspec.structs.replace(figures, core_us=core_us)

    def folder(self, *names: str) -> Path:
        """Return a new, empty folder below the work folder."""
        folder = self.options.work.joinpath(*names)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder
