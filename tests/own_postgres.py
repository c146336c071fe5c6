"""A PostgreSQL server of the test's own, on a free port, with a database for everyone who asks for one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path

import psycopg

from carafe.database.engine_psycopg import create
from carafe.database.upgrade import bring_server_up_to_date

PASSWORD = "s3cr3t-of-the-test"  # noqa: S105 - of a server that lives as long as the test


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs, the newest; Debian keeps them off the PATH."""
    return str(max(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3])))


class OwnPostgres:
    """A running server, which can be ended, started again on its port, and frozen."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._folder = folder
        self._data = folder / "data"
        self._account = ("nobody", "nogroup") if os.geteuid() == 0 else (None, None)  # it refuses to run as root
        self._numbers = count(1)
        self._create()
        self.start()
        self._template = self.fresh()

    def url(self, database: str) -> str:
        """Return where a database is reached."""
        return f"postgresql://carafe:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def fresh(self, *, like: str = "template0") -> str:
        """Return the URL of a new database."""
        name = f"test{next(self._numbers)}"
        self.tell(f"CREATE DATABASE {name} TEMPLATE {like}")
        return self.url(name)

    def prepared(self) -> str:
        """Return the URL of a new database with the tables that today's code wants."""
        bring_server_up_to_date(lambda **how: create(self._template, **how))
        return self.fresh(like=self._template.rpartition("/")[2])

    def tell(self, statement: str, *, database: str = "postgres") -> None:
        """Have a statement carried out by the superuser."""
        with closing(psycopg.connect(self.url(database), autocommit=True)) as connection:
            connection.execute(statement)

    @property
    def log(self) -> str:
        """What it has written so far."""
        return (self._folder / "log").read_text()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        user, group = self._account
        command = [program("postgres"), "-D", str(self._data), "-p", str(self.port)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, user=user, group=group)
        end = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < end, (self._folder / "log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """End it at once, as a machine that loses its power does."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)

    def freeze(self) -> None:
        """Let it answer nothing, with its connections open."""
        self._tell(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        self._tell(signal.SIGCONT)

    def _tell(self, what: signal.Signals) -> None:
        for process in self._processes():
            with suppress(ProcessLookupError):  # one that served a connection may have ended meanwhile
                os.kill(process, what)

    def remove(self) -> None:
        """End it and delete its files."""
        self.go_on()
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _create(self) -> None:
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        user, group = self._account
        if user and group:
            for path in (self._folder, secret):
                shutil.chown(path, user, group)
        # A language whose order of names is not that of their bytes.
        order = ["--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
        proof = ["--username=carafe", f"--pwfile={secret}", "--auth=scram-sha-256"]
        command = [program("initdb"), "-D", str(self._data), "--no-sync", *order, *proof]
        done = subprocess.run(command, capture_output=True, text=True, check=False, user=user, group=group)
        assert done.returncode == 0, done.stderr
        with (self._data / "postgresql.conf").open("a") as file:
            file.write("listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n")

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            self.tell("SELECT 1")
            return True
        return False

    def _processes(self) -> list[int]:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return [self._process.pid, *map(int, children)]


@contextmanager
def own_postgres() -> Iterator[OwnPostgres]:
    """Give a server for the length of a block. Its folder is not the test's, which is closed to other accounts."""
    folder = Path(tempfile.mkdtemp(prefix="carafe-postgres-"))
    server = OwnPostgres(folder)
    try:
        yield server
    finally:
        server.remove()
