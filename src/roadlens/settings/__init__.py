"""Every setting, once: its environment variable, its type, its default and what it is for. Opens and makes nothing."""

from __future__ import annotations

from pydantic import AliasChoices, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from roadlens.errors import SetupError
from roadlens.settings.files import SecretFiles
from roadlens.settings.lifecycle import LifecycleSettings
from roadlens.settings.observing import ObservingSettings
from roadlens.settings.server import ServerSettings
from roadlens.settings.sign_in import SignInSettings
from roadlens.settings.stores import StoreSettings
from roadlens.settings.telemetry import TelemetrySettings


class Settings(StoreSettings, ObservingSettings, TelemetrySettings, SignInSettings, LifecycleSettings, ServerSettings):
    """What the environment says. `Settings.model_validate({"PORT": 8001})` makes one that does not look there."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings calls with all of them
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, and the files that it names."""
        return init_settings, env_settings, SecretFiles(settings_cls)


def read_settings() -> Settings:
    """The settings of this process's environment.

    Raises:
        SetupError: a variable has a wrong value; the message names each such variable and what is expected of it. Or
            a file that is to hold a secret cannot be read.
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
