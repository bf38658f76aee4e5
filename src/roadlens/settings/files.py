"""Secrets that stand in files: for each secret variable, the file that the variable with `_FILE` behind its name names.

Supervisors of containers and systemd hand secrets over as files, which neither a list of processes nor a dump of the
environment shows.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from roadlens.errors import SetupError

SUFFIX = "_FILE"


class SecretFiles(PydanticBaseSettingsSource):
    """What stands in those files, without the line's end that editors put there."""

    def __call__(self) -> dict[str, Any]:
        named = {variable: os.environ.get(f"{variable}{SUFFIX}", "") for variable in secrets(self.settings_cls)}
        return {variable: _read(variable, path) for variable, path in named.items() if path}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Asked for by nobody: `__call__` has all of them at once."""
        raise NotImplementedError


def secrets(settings: type[BaseSettings]) -> list[str]:
    """The variables whose values are secrets."""
    fields = settings.model_fields.values()
    return [
        str(field.validation_alias) for field in fields if SecretStr in (field.annotation, *get_args(field.annotation))
    ]


def _read(variable: str, path: str) -> str:
    name = f"{variable}{SUFFIX}"
    if os.environ.get(variable):
        raise SetupError(f"{variable} and {name} are both set. Set one of them.")
    try:
        text = Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SetupError(f"{name} is not acceptable: {path} cannot be read: {why}.") from error
    if not (secret := text.strip("\r\n")):
        raise SetupError(f"{name} is not acceptable: {path} is empty.")
    return secret
