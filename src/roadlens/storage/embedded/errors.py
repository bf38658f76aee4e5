"""What can keep the embedded database from starting; every message says what to do about it.

SetupError
├── DataDirectoryInUse      another Roadlens process owns the database
├── DataDirectoryVersion    the cluster was made by another major version of PostgreSQL
├── DataDirectoryUnusable   a file, not writable, or somebody else's
├── DiskFull
├── PostgresMissing         no binaries, or none that may run as this user
└── PostgresStartFailed     anything else; carries the last lines of the log
"""

from __future__ import annotations

from roadlens.errors import SetupError


class DataDirectoryInUse(SetupError):
    code = "data-directory-in-use"
    title = "The data directory is in use"


class DataDirectoryVersion(SetupError):
    code = "data-directory-version"
    title = "The data directory belongs to another version of PostgreSQL"


class DataDirectoryUnusable(SetupError):
    code = "data-directory-unusable"
    title = "The data directory cannot be used"


class DiskFull(SetupError):
    code = "disk-full"
    title = "The disk is full"


class PostgresMissing(SetupError):
    code = "postgres-missing"
    title = "There is no PostgreSQL to start"


class PostgresStartFailed(SetupError):
    code = "postgres-start-failed"
    title = "PostgreSQL did not start"
