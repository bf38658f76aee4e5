"""What `deploy/`, compose.yaml and the Dockerfile say, read for tests; and the settings and commands that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from typer.core import TyperGroup
from typer.main import get_command

from roadlens.cli.main import app
from roadlens.settings import Settings, variables
from roadlens.settings.files import SUFFIX, secrets

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

# The programs' own; whoever looks for others here has a typing error in ours.
OURS = re.compile(r"(?:ROADLENS_|REDIS_|DATABASE_)\w+|HOST|PORT|TIMEZONE")


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return read


def manifests() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each object of `deploy/kubernetes`, with the name of its file."""
    for file in sorted((DEPLOY / "kubernetes").glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            yield file.name, document


def dockerfile() -> list[tuple[str, str]]:
    """Its instructions with what they say, a line each."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    lines = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    return [(instruction, said.strip()) for instruction, said in lines]


def unknown_settings(names: Iterator[str] | list[str]) -> list[str]:
    """Which of the variables look like Roadlens's and are none."""
    known = {*variables(), *(f"{secret}{SUFFIX}" for secret in secrets(Settings)), "TIMEZONE"}
    return sorted(name for name in names if OURS.fullmatch(name) and name not in known)


def is_command(words: list[str]) -> bool:
    """Whether `roadlens` has it, such as `["db", "upgrade"]`."""
    found: Any = get_command(app)
    for word in words:
        if not isinstance(found, TyperGroup) or word not in found.commands:
            return False
        found = found.commands[word]
    return not isinstance(found, TyperGroup)
