"""Settings come from the environment and nowhere else, and a wrong one is named with what is expected of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from roadlens.settings import Settings, variables

READ = "from roadlens.settings import read_settings; print(read_settings().model_dump_json())"


def read(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """What a process with that environment alone reads."""
    return subprocess.run(
        [sys.executable, "-c", READ],
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_defaults() -> None:
    settings = Settings.model_validate({})
    assert (settings.host, settings.port, settings.timezone) == ("127.0.0.1", 8000, "UTC")
    assert settings.data_dir == Path.cwd() / "roadlens-data"
    assert settings.token_lifetime == 3600
    assert (settings.db_pool_size, settings.db_max_connections) == (10, 50)
    assert settings.database_url is None


def test_an_environment_is_read_and_names_of_fields_are_not_variables() -> None:
    proxies = {"ROADLENS_TRUSTED_PROXIES": "10.0.0.5, fd00::/8"}
    read_back = read(
        proxies | {"PORT": "9000", "TIMEZONE": "Asia/Tokyo", "HOST": "", "EMPTY": "1", "DATA_DIR": "/elsewhere"}
    )
    settings = Settings.model_validate_json(read_back.stdout, by_alias=False, by_name=True)
    assert settings.port == 9000
    assert settings.timezone == "Asia/Tokyo"
    assert settings.host == "127.0.0.1"
    assert not settings.empty
    assert '"trusted_proxies":["10.0.0.5/32","fd00::/8"]' in read_back.stdout
    assert settings.data_dir.name == "roadlens-data"


def test_each_wrong_value_is_named_but_not_repeated() -> None:
    wrong = {
        "PORT": ("http", "it must be a whole number from 0 to 65535"),
        "ROADLENS_EMPTY": ("maybe", "it must be 1 or 0"),
        "ROADLENS_TIMEZONE": ("Mars/Olympus", "it must be the name of a time zone, such as Europe/Berlin or UTC"),
        "ROADLENS_SECRET_KEY": ("hunter2", "it must have at least 32 characters"),
        "ROADLENS_ADMIN_PASSWORD": ("hunter2", "it must have at least 8 characters"),
        "ROADLENS_LOG_LEVEL": ("loud", "it must be 'debug', 'info', 'warning' or 'error'"),
        "ROADLENS_TOKEN_LIFETIME": ("1", "it must be at least 60"),
        "ROADLENS_TRUSTED_PROXIES": (
            "10.0.0.1, *",
            "it must list addresses or networks, such as 10.0.0.5 or 10.1.0.0/16, with commas",
        ),
        "ROADLENS_POSITION_RETENTION_DAYS": ("30", "it must be at least 31"),
        "ROADLENS_DB_POOL_SIZE": ("99", "it must be at most 50"),
        "REDIS_PORT": ("0", "it must be at least 1"),
        "REDIS_DB": ("-1", "it must be at least 0"),
    }
    error = read({variable: value for variable, (value, _) in wrong.items()}).stderr.strip().splitlines()[-1]
    for variable, (_, expected) in wrong.items():
        assert f"{variable} is not acceptable: {expected}." in error
    assert "hunter2" not in error


def test_a_cluster_has_one_database() -> None:
    Settings.model_validate({"ROADLENS_REDIS_CLUSTER": "1"})
    with pytest.raises(ValidationError, match="a cluster has only database 0"):
        Settings.model_validate({"ROADLENS_REDIS_CLUSTER": "1", "REDIS_DB": "2"})


@pytest.mark.parametrize("zone", ["", "../../etc/passwd", "/etc/localtime", "Europe"])
def test_a_time_zone_is_not_a_path(zone: str) -> None:
    with pytest.raises(ValidationError, match="name of a time zone"):
        Settings.model_validate({"TIMEZONE": zone})


def test_every_setting_says_what_it_is_for_and_is_documented() -> None:
    page = (Path(__file__).parents[1] / "docs" / "settings.md").read_text()
    for variable, description in variables().items():
        assert description.endswith("."), variable
        assert f"`{variable}`" in page, variable
