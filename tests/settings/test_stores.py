"""The addresses of the database: where the password comes from, and which of them needs which."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from roadlens.settings import Settings

PASSWORD = {"ROADLENS_DATABASE_PASSWORD": "p@ss/w:rd?#%"}
QUOTED = "p%40ss%2Fw%3Ard%3F%23%25"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://ann@db:5432/roads", f"postgresql://ann:{QUOTED}@db:5432/roads"),
        ("postgresql://ann@db/roads?sslmode=require", f"postgresql://ann:{QUOTED}@db/roads?sslmode=require"),
        ("postgresql://ann@[::1]:5432/roads", f"postgresql://ann:{QUOTED}@[::1]:5432/roads"),
        ("postgresql://ann:own@db/roads", "postgresql://ann:own@db/roads"),
        ("postgresql://db/roads", "postgresql://db/roads"),
    ],
)
def test_the_password_goes_into_addresses_that_name_a_user_alone(url: str, expected: str) -> None:
    settings = Settings.model_validate(PASSWORD | {"DATABASE_URL": url, "ROADLENS_DIRECT_DATABASE_URL": url})
    for found in (settings.database_url, settings.direct_database_url):
        assert found is not None
        assert found.get_secret_value() == expected


def test_the_way_past_a_pooler_needs_a_pooler() -> None:
    with pytest.raises(ValidationError, match="DATABASE_URL must be set beside it"):
        Settings.model_validate({"ROADLENS_DIRECT_DATABASE_URL": "postgresql://ann@db/roads"})
