"""The settings PostgreSQL is started with, each with its reason; what is not here keeps PostgreSQL's default.

Durability does: fsync, full_page_writes and synchronous_commit stay on.
"""

from __future__ import annotations

from pathlib import Path

PORT = 5432  # part of the socket's name; nothing listens on TCP

SETTINGS = {
    "cluster_name": "roadlens",
    "listen_addresses": "",
    "port": str(PORT),
    # Anybody who can open the socket is the superuser (`trust`): that is safe because only the owner of the data
    # directory can. The socket has mode 0700, nobody else may write to its directory, and there is no TCP.
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "shared_preload_libraries": "pg_stat_statements",
    # An import writes WAL faster than the default 1 GB between checkpoints; fewer checkpoints write fewer full pages.
    "max_wal_size": "2GB",
    # Solid-state disks: a random page costs hardly more than the next one.
    "random_page_cost": "1.1",
    # Compiling a plan takes longer than our queries do, and loads LLVM into every connection.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %a ",
    "log_checkpoints": "off",
    # The rows named in an error's detail and statement are somebody's: the log keeps the message alone.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


def postgres_arguments(cluster: Path, socket_directory: Path) -> list[str]:
    """Arguments of `postgres` that serve `cluster` on a socket in `socket_directory`."""
    settings = SETTINGS | {"unix_socket_directories": str(socket_directory)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return ["-D", str(cluster), *options]
