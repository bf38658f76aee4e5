"""Settings of what is made of positions, and of how it is shown."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, AliasChoices, Field
from pydantic_settings import BaseSettings

from roadlens.domain import SHORTEST_RETENTION_DAYS
from roadlens.settings.forms import known_timezone, tiles


class TelemetrySettings(BaseSettings):
    """Days, devices, how long positions are kept, and maps."""

    timezone: Annotated[str, AfterValidator(known_timezone)] = Field(
        default="UTC",
        validation_alias=AliasChoices("ROADLENS_TIMEZONE", "TIMEZONE"),
        description="Time zone (IANA name) whose calendar days the dashboard counts. Fixed when a database is made.",
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
    tile_url: Annotated[str, AfterValidator(tiles)] | None = Field(
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
