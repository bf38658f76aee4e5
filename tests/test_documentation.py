"""Every setting, metric and command is documented; the pages name none that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import AliasChoices
from typer.core import TyperGroup
from typer.main import get_command

from roadlens.cli.main import app
from roadlens.observability.table import TABLE
from roadlens.settings import Settings

ROOT = Path(__file__).parent.parent
SETTINGS = ROOT / "docs" / "settings.md"
METRICS = ROOT / "docs" / "metrics.md"
PAGES_WITH_COMMANDS = (ROOT / "README.md", ROOT / "docs" / "commands.md")


def names_of_settings() -> Iterator[str]:
    """The environment variables that `Settings` reads, such as ROADLENS_DATA_DIR."""
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias or name.upper()
        yield from map(str, alias.choices if isinstance(alias, AliasChoices) else [alias])


def documented_settings() -> Iterator[str]:
    """What stands in code in the first column of the page's table."""
    for cell in re.findall(r"^\| (.+?) \|", SETTINGS.read_text(), re.MULTILINE):
        yield from re.findall(r"`(\w+)`", cell)


def names_of_commands() -> Iterator[str]:
    """Each command with its groups, such as `roadlens users create`."""
    groups = [("roadlens", get_command(app))]
    for name, command in groups:
        if isinstance(command, TyperGroup):
            groups += [(f"{name} {below}", found) for below, found in command.commands.items()]
        else:
            yield name


def test_every_setting_is_documented_and_none_that_is_not_there() -> None:
    assert sorted(documented_settings()) == sorted(names_of_settings())


def test_every_metric_is_documented_with_its_labels_and_none_that_is_not_there() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*?) ?\|", METRICS.read_text(), re.MULTILINE)
    documented = [(name, kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows]
    assert documented == [(metric.name, metric.kind.value, metric.labels) for metric in TABLE]


def test_every_command_is_documented() -> None:
    text = "\n".join(page.read_text() for page in PAGES_WITH_COMMANDS if page.exists())
    assert [name for name in names_of_commands() if not re.search(rf"\b{name}\b", text)] == []
