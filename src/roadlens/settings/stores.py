"""Settings of what answers come from: the database, Redis and the memory of workers."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings


class StoreSettings(BaseSettings):
    """The database, Redis and the cache."""

    # Before the addresses, which it is put into.
    database_password: SecretStr | None = Field(
        default=None,
        validation_alias="ROADLENS_DATABASE_PASSWORD",
        description="Password of the database's user, where the addresses of the database name a user alone.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="Address of a PostgreSQL 15 or newer, as postgresql://user:password@host:5432/database. "
        "Without it Roadlens runs its own PostgreSQL in the data directory.",
    )
    direct_database_url: SecretStr | None = Field(
        default=None,
        validation_alias="ROADLENS_DIRECT_DATABASE_URL",
        description="Address of the same database past the pooler that DATABASE_URL names, such as PgBouncer: for the "
        "change feed and for migrations, which need a session of their own.",
    )
    db_pool_size: int = Field(
        default=10,
        validation_alias="ROADLENS_DB_POOL_SIZE",
        ge=1,
        le=50,
        description="Database connections that are kept open, those of all workers together.",
    )
    db_max_connections: int = Field(
        default=50,
        validation_alias="ROADLENS_DB_MAX_CONNECTIONS",
        ge=1,
        le=50,
        description="Database connections at most, those beyond the pool's size and of all workers included.",
    )
    redis_host: str | None = Field(
        default=None,
        validation_alias="REDIS_HOST",
        description="Host of a Redis or Valkey that all workers and servers of one database share, or of one node of a "
        "cluster. Without it answers are kept in each worker's memory alone.",
    )
    redis_port: int = Field(default=6379, validation_alias="REDIS_PORT", ge=1, le=65535, description="Its port.")
    redis_db: int = Field(
        default=0, validation_alias="REDIS_DB", ge=0, description="Number of the database in it; a cluster has only 0."
    )
    redis_password: SecretStr | None = Field(
        default=None, validation_alias="REDIS_PASSWORD", description="Its password, if it asks for one."
    )
    redis_username: str | None = Field(
        default=None,
        validation_alias="ROADLENS_REDIS_USERNAME",
        description="User to sign in as; without it Redis takes its user `default`.",
    )
    redis_tls: bool = Field(
        default=False, validation_alias="ROADLENS_REDIS_TLS", description="1 speaks to Redis over TLS."
    )
    redis_ca_file: Path | None = Field(
        default=None,
        validation_alias="ROADLENS_REDIS_CA_FILE",
        description="File of the authorities that may sign Redis's certificate, in place of the system's.",
    )
    redis_cluster: bool = Field(
        default=False,
        validation_alias="ROADLENS_REDIS_CLUSTER",
        description="1 if REDIS_HOST is a node of a Redis Cluster.",
    )
    cache_memory_mb: int = Field(
        default=64,
        validation_alias="ROADLENS_CACHE_MEMORY_MB",
        ge=0,
        le=65536,
        description="Megabytes of answers that each worker keeps in memory; 0 keeps none there.",
    )
    cache_audit: int = Field(
        default=1000,
        validation_alias="ROADLENS_CACHE_AUDIT",
        ge=0,
        description="One of so many hits is computed again and compared, at most one a second; 0 audits none.",
    )

    @field_validator("database_url", "direct_database_url")
    @classmethod
    def _with_password(cls, url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        password = info.data.get("database_password")
        return url if url is None or password is None else SecretStr(_with(url.get_secret_value(), password))

    @field_validator("direct_database_url")
    @classmethod
    def _past_a_pooler(cls, url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if url is not None and info.data.get("database_url") is None:
            raise ValueError("DATABASE_URL must be set beside it, to the address of the pooler")
        return url

    @field_validator("redis_cluster")
    @classmethod
    def _one_database(cls, cluster: bool, info: ValidationInfo) -> bool:
        if cluster and info.data.get("redis_db"):
            raise ValueError("a cluster has only database 0, so REDIS_DB cannot be set beside it")
        return cluster


def _with(url: str, password: SecretStr) -> str:
    """The address with that password, unless it has one or names no user."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if not at or ":" in user:
        return url
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password.get_secret_value(), safe='')}@{host}"))
