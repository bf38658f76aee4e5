"""The Dockerfile copies what there is, runs what there is, as nobody in particular, and builds from the lock alone."""

from __future__ import annotations

import json
import re
import tomllib
from fnmatch import fnmatch
from importlib.util import find_spec

from roadlens.settings import Settings
from tests.support.deployed import ROOT, dockerfile, is_command, unknown_settings

INSTRUCTIONS = dockerfile()


def said(instruction: str) -> list[str]:
    return [rest for name, rest in INSTRUCTIONS if name == instruction]


def last_stage() -> list[tuple[str, str]]:
    begin = max(number for number, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM")
    return INSTRUCTIONS[begin:]


def test_the_last_stage_has_what_was_built_and_no_more() -> None:
    names = [name for name, _ in last_stage()]
    assert names.count("COPY") == 1
    assert not {"ADD", "RUN"} & set(names)
    assert said("COPY")[-1] == "--from=build /opt/roadlens /opt/roadlens"


def test_it_runs_as_a_number_that_is_not_root() -> None:
    (user,) = (rest for name, rest in last_stage() if name == "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_it_starts_a_command_that_there_is_and_asks_a_module_that_there_is() -> None:
    (entry,), (command,) = said("ENTRYPOINT"), said("CMD")
    assert json.loads(entry) == ["roadlens"]
    assert is_command(json.loads(command))
    module = json.loads(said("HEALTHCHECK")[0].partition("CMD ")[2])[-1]
    assert find_spec(module) is not None
    assert said("STOPSIGNAL") == ["SIGTERM"]


def test_settings_are_ones_that_roadlens_reads_and_the_port_is_the_one_it_listens_on() -> None:
    (words,) = said("ENV")
    environment = dict(word.split("=", 1) for word in words.split())
    assert unknown_settings(list(environment)) == []
    assert Settings.model_validate(environment).port == int(said("EXPOSE")[0])


def test_its_python_is_one_that_roadlens_runs_on() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = re.search(r"PYTHON=(\d+)\.(\d+)", said("ARG")[0])
    oldest = re.fullmatch(r">=(\d+)\.(\d+)", project["requires-python"])
    assert version is not None
    assert oldest is not None
    assert tuple(map(int, version.groups())) >= tuple(map(int, oldest.groups()))


def test_the_build_gets_what_it_needs_and_neither_data_nor_secrets() -> None:
    needed = (
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "requirements/run.txt",
        "src/roadlens/app.py",
        "tools/install.sh",
    )
    assert [path for path in needed if not is_sent(path)] == []
    kept_back = (".git/config", "deploy/secrets/secret_key", "roadlens-data/secret.key", ".env", "tests/conftest.py")
    assert [path for path in kept_back if is_sent(path)] == []


def is_sent(path: str) -> bool:
    """As Docker decides: the last line of .dockerignore that fits the path, or a directory above it, counts."""
    sent = True
    parts = path.split("/")
    above = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!").removeprefix("**/")
            if any(fnmatch(place, pattern) for place in above):
                sent = line.startswith("!")
    return sent
