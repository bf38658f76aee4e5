"""The embedded server from outside: start it, get its address, stop it. Who may do so is decided in `provider`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

from roadlens.storage.embedded.binaries import Binaries, find_binaries
from roadlens.storage.embedded.cluster import check_version, clear_unfinished, make_cluster
from roadlens.storage.embedded.configuration import PORT, postgres_arguments
from roadlens.storage.embedded.data_directory import (
    DATABASE,
    ROLE,
    DataDirectory,
    database_url,
    explained,
    give_files_to,
    prepare_data_directory,
    socket_directory,
    socket_in,
)
from roadlens.storage.embedded.errors import DataDirectoryInUse
from roadlens.storage.embedded.failures import explain_failure
from roadlens.storage.embedded.identity import Identity, choose_identity
from roadlens.storage.embedded.processes import end_orphans, forget_stale_locks, wait_until_unserved
from roadlens.storage.embedded.supervisor import Supervisor

LONGEST_LOG_BYTES = 10_000_000
START_TIMEOUT_S = 300.0  # replaying 2 GB of WAL after a crash, on a slow disk
PREDECESSOR_TIMEOUT_S = 30.0


class EmbeddedPostgres:
    """One PostgreSQL server on the cluster in a data directory, which the caller has for itself."""

    def __init__(self, data_dir: Path, *, binaries: Binaries | None = None, identity: Identity | None = None) -> None:
        """Without `binaries` and `identity`, the first ones that work here are taken at `start`."""
        self._data_dir = data_dir
        self._binaries = binaries
        self._identity = identity
        self._supervisor: Supervisor | None = None
        self._private_socket_directory: Path | None = None

    def start(self) -> str:
        """Start the server, on a new cluster if there is none, and return the database's address.

        Raises:
            SetupError: one of `storage.embedded.errors`, which says what to do.
        """
        data = prepare_data_directory(self._data_dir)
        binaries = self._binaries or find_binaries()
        identity = self._identity or choose_identity(binaries)
        self._await_predecessor(data)
        self._prepare_cluster(data, binaries, identity)
        _bound_log(data)
        socket = socket_directory(data, identity)
        self._private_socket_directory = socket if socket != data.path else None
        with explained(data.path):
            forget_stale_locks(data.cluster, socket_in(socket))
        arguments = postgres_arguments(data.cluster, socket)
        supervisor = Supervisor(data, lambda: identity.command(binaries.postgres, *arguments))
        supervisor.start(START_TIMEOUT_S)
        self._supervisor = supervisor
        try:
            _create_database(data, socket)
        except BaseException:
            self.stop()
            raise
        return database_url(socket)

    def stop(self) -> None:
        """Shut the server down and wait for its end. Does nothing if it was not started."""
        if self._supervisor is not None:
            self._supervisor.stop()
            self._supervisor = None
        if self._private_socket_directory is not None:
            with suppress(OSError):  # an empty directory too many does no harm
                self._private_socket_directory.rmdir()

    @property
    def pid(self) -> int | None:
        """The process id of `postgres` itself, which is a direct child of this process."""
        return self._supervisor.pid if self._supervisor is not None else None

    def _await_predecessor(self, data: DataDirectory) -> None:
        """A server whose owner was killed is told so by the kernel and shuts down; that may take it a moment."""
        pid = wait_until_unserved(data.cluster, PREDECESSOR_TIMEOUT_S)
        if pid is not None:
            raise DataDirectoryInUse(
                f"A PostgreSQL server (pid {pid}) that this Roadlens did not start still runs on {data.cluster}: wait "
                f"for it to end or stop it (kill -INT {pid}), then start again."
            )
        end_orphans(data.cluster)

    def _prepare_cluster(self, data: DataDirectory, binaries: Binaries, identity: Identity) -> None:
        with explained(data.path):
            clear_unfinished(data)
            if data.cluster.exists():
                check_version(data.cluster, binaries)
        give_files_to(identity, data)
        if not data.cluster.exists():
            make_cluster(data, binaries, identity)


def _bound_log(data: DataDirectory) -> None:
    with explained(data.path):
        if data.log.exists() and data.log.stat().st_size > LONGEST_LOG_BYTES:
            data.log.replace(data.log.with_name(data.log.name + ".1"))


def _create_database(data: DataDirectory, socket: Path) -> None:
    try:
        with psycopg.connect(
            host=str(socket),
            port=PORT,
            user=ROLE,
            dbname="postgres",
            application_name="roadlens start",
            connect_timeout=10,
            autocommit=True,
        ) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    except psycopg.Error as error:
        raise explain_failure("postgres", str(error), data) from error
