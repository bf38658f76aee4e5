"""Settings of the server: where it listens, where it keeps its files, and what it logs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode

from roadlens.settings.forms import absolute, listed, networks, origins


class ServerSettings(BaseSettings):
    """Where it listens, and with how many processes."""

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
    data_dir: Annotated[Path, AfterValidator(absolute)] = Field(
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
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(listed), AfterValidator(networks)] = Field(
        default=(),
        validation_alias="ROADLENS_TRUSTED_PROXIES",
        description="Addresses or networks of reverse proxies, with commas, whose X-Forwarded-For is believed.",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(listed), AfterValidator(origins)] = Field(
        default=(),
        validation_alias="ROADLENS_CORS_ORIGINS",
        description="Origins of other sites, with commas, whose pages may call the API from browsers.",
    )
    rate_limit: int = Field(
        default=12_000,
        validation_alias="ROADLENS_RATE_LIMIT",
        ge=0,
        le=10_000_000,
        description="Computed answers a minute for each user, and for each address without a token; 0 is any number.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", validation_alias="ROADLENS_LOG_LEVEL", description="The least important messages to log."
    )
