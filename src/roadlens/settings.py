"""Every setting, once: its environment variable, its type, its default and what it is for. Opens and makes nothing."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from roadlens.domain import SHORTEST_PASSWORD, SHORTEST_RETENTION_DAYS
from roadlens.errors import SetupError

# RFC 7518, section 3.2: a key for HS256 must be at least as long as its output.
SHORTEST_SECRET = 32


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("it must be the name of a time zone, such as Europe/Berlin or UTC") from error
    return name


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _listed(text: object) -> object:
    return tuple(part.strip() for part in text.split(",")) if isinstance(text, str) else text


def _networks(names: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(name)) for name in names)
    except ValueError as error:
        raise ValueError("it must list addresses or networks, such as 10.0.0.5 or 10.1.0.0/16, with commas") from error


# The host stands in the Content-Security-Policy, where a semicolon or a space would begin something else.
_TILES = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[^\s\"'<>;,]*")


def _tiles(url: str) -> str:
    if not _TILES.fullmatch(url) or any(place not in url for place in ("{z}", "{x}", "{y}")):
        raise ValueError("it must be an address with {z}, {x} and {y}, such as https://tiles.example/{z}/{x}/{y}.png")
    return url


class Settings(BaseSettings):
    """What the environment says. `Settings.model_validate({"PORT": 8001})` makes one that does not look there."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    database_url: SecretStr | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="Address of a PostgreSQL 15 or newer, as postgresql://user:password@host:5432/database. "
        "Without it Roadlens runs its own PostgreSQL in the data directory.",
    )
    host: str = Field(
        default="127.0.0.1",
        validation_alias="HOST",
        min_length=1,
        description="Address to listen on; 0.0.0.0 is every IPv4 address.",
    )
    port: int = Field(
        default=8000, validation_alias="PORT", ge=0, le=65535, description="Port to listen on; 0 takes any free one."
    )
    workers: int = Field(
        default=1,
        validation_alias="ROADLENS_WORKERS",
        ge=1,
        le=64,
        description="Processes that answer requests, all at the same port.",
    )
    data_dir: Annotated[Path, AfterValidator(_absolute)] = Field(
        default=Path("roadlens-data"),
        validation_alias="ROADLENS_DATA_DIR",
        validate_default=True,
        description="Directory of the embedded database, the secret key and the first password.",
    )
    empty: bool = Field(
        default=False,
        validation_alias="ROADLENS_EMPTY",
        description="1 leaves an empty database empty, without a demonstration fleet.",
    )
    admin_username: str = Field(
        default="admin",
        validation_alias="ROADLENS_ADMIN_USERNAME",
        min_length=1,
        max_length=100,
        description="Name of the first admin.",
    )
    admin_password: SecretStr | None = Field(
        default=None,
        validation_alias="ROADLENS_ADMIN_PASSWORD",
        min_length=SHORTEST_PASSWORD,
        description="Password of that admin, set at each start. Without it one is generated once, into the file "
        "admin-password of the data directory.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        validation_alias="ROADLENS_SECRET_KEY",
        min_length=SHORTEST_SECRET,
        description="Signs tokens and page cursors; at least 32 characters, the same on all servers of one database. "
        "Without it one is generated once, into the file secret.key of the data directory.",
    )
    timezone: Annotated[str, AfterValidator(_known_timezone)] = Field(
        default="UTC",
        validation_alias=AliasChoices("ROADLENS_TIMEZONE", "TIMEZONE"),
        description="Time zone (IANA name) whose calendar days the dashboard counts. Fixed when a database is made.",
    )
    token_lifetime: int = Field(
        default=8 * 3600,
        validation_alias="ROADLENS_TOKEN_LIFETIME",
        ge=60,
        le=30 * 86400,
        description="Seconds until a token ends and its user must sign in again.",
    )
    auto_register: bool = Field(
        default=False,
        validation_alias="ROADLENS_AUTO_REGISTER",
        description="1 makes a vehicle and a driver for each device that sends positions over HTTP and has none.",
    )
    position_retention_days: int | None = Field(
        default=None,
        validation_alias="ROADLENS_POSITION_RETENTION_DAYS",
        ge=SHORTEST_RETENTION_DAYS,
        le=36500,
        description="Days for which positions are kept at least; the server drops the months before. "
        "Without it all are kept.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed), AfterValidator(_networks)] = Field(
        default=(),
        validation_alias="ROADLENS_TRUSTED_PROXIES",
        description="Addresses or networks of reverse proxies, with commas, whose X-Forwarded-For is believed.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", validation_alias="ROADLENS_LOG_LEVEL", description="The least important messages to log."
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

    @field_validator("redis_cluster")
    @classmethod
    def _one_database(cls, cluster: bool, info: ValidationInfo) -> bool:
        if cluster and info.data.get("redis_db"):
            raise ValueError("a cluster has only database 0, so REDIS_DB cannot be set beside it")
        return cluster

    tile_url: Annotated[str, AfterValidator(_tiles)] | None = Field(
        default=None,
        validation_alias="ROADLENS_TILE_URL",
        description="Where the dashboard's maps get their background, as https://tiles.example/{z}/{x}/{y}.png. "
        "Browsers ask that host themselves. Without it tracks are drawn without one, and browsers ask no other host.",
    )
    tile_attribution: str | None = Field(
        default=None,
        validation_alias="ROADLENS_TILE_ATTRIBUTION",
        max_length=200,
        description="What stands on those maps about who made them.",
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


def read_settings() -> Settings:
    """The settings of this process's environment.

    Raises:
        SetupError: a variable has a wrong value; the message names each such variable and what is expected of it.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise SetupError(
            " ".join(_explain(found["loc"], found["type"], found["msg"]) for found in error.errors())
        ) from None


def variables() -> dict[str, str]:
    """Every variable's name with its description, in the order of the fields."""
    return {variable(name): field.description or "" for name, field in Settings.model_fields.items()}


def _explain(location: tuple[int | str, ...], kind: str, message: str) -> str:
    """One sentence without the value itself: some of them are secrets."""
    name = next((name for name in Settings.model_fields if location[0] in _aliases(name)), str(location[0]))
    if name not in Settings.model_fields:
        return f"{name} is not acceptable: {message}."
    schema = Settings.model_json_schema(by_alias=False)["properties"][name]
    limits = {**schema, **schema.get("anyOf", [{}])[0]}
    expected = {
        "int_parsing": f"it must be a whole number from {limits.get('minimum')} to {limits.get('maximum')}",
        "greater_than_equal": f"it must be at least {limits.get('minimum')}",
        "less_than_equal": f"it must be at most {limits.get('maximum')}",
        "bool_parsing": "it must be 1 or 0",
        "too_short": f"it must have at least {limits.get('minLength')} characters",
        "literal_error": message.replace("Input should be", "it must be"),
    }.get(kind, message.removeprefix("Value error, "))
    return f"{variable(name)} is not acceptable: {expected}."


def variable(name: str) -> str:
    """The environment variable of a field."""
    return _aliases(name)[0]


def _aliases(name: str) -> list[str]:
    alias = Settings.model_fields[name].validation_alias
    return [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [str(alias)]
