"""compose.yaml is what its schema allows, names what there is, and gives nobody more than they need."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # has no types
import pytest

from roadlens import __version__
from roadlens.cli.listener import LAST_ONES_S
from roadlens.cli.place import CLOSE_S
from roadlens.settings import Settings
from roadlens.settings.lifecycle import SHUTDOWN_S
from tests.support.deployed import ROOT, compose, unknown_settings

SERVICES: dict[str, dict[str, Any]] = compose()["services"]


def test_it_is_what_compose_reads() -> None:
    schema = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(compose(), json.loads(schema.read_text()))


def test_the_schema_would_say_what_is_wrong() -> None:
    schema = resources.files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    wrong = compose()
    wrong["services"]["roadlens"]["dependson"] = []
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, json.loads(schema.read_text()))


def test_every_part_is_there() -> None:
    assert set(SERVICES) == {"db", "redis", "roadlens", "prometheus", "grafana"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_rights_and_writes_to_nothing_but_its_volumes(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].partition(":")[0]) > 0
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert "privileged" not in service
    assert "cap_add" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_to_this_machine_alone_and_stores_not_at_all(name: str) -> None:
    published = SERVICES[name].get("ports", [])
    assert all(port.startswith("127.0.0.1:") for port in published)
    if name in ("db", "redis"):
        assert (published, SERVICES[name]["networks"]) == ([], ["data"])
    assert compose()["networks"]["data"]["internal"] is True


@pytest.mark.parametrize("name", SERVICES)
def test_images_name_a_version(name: str) -> None:
    assert re.fullmatch(r"[\w./-]+:v?\d[\w.-]*", SERVICES[name]["image"])


def test_the_images_version_is_this_one() -> None:
    assert SERVICES["roadlens"]["image"] == f"roadlens:{__version__}"


def test_no_secret_stands_in_it() -> None:
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|KEY", variable):
                assert value.startswith("/run/secrets/"), variable
                assert value.removeprefix("/run/secrets/") in service["secrets"]
        assert set(service.get("secrets", [])) <= set(compose()["secrets"])


def test_settings_are_ones_that_roadlens_reads_and_accepts() -> None:
    environment = SERVICES["roadlens"]["environment"]
    assert unknown_settings(list(environment)) == []
    defaults = {name: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", str(value)) for name, value in environment.items()}
    settings = Settings.model_validate({name: value for name, value in defaults.items() if value})
    assert settings.workers == 2


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_is_mounted_is_there(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source = mount.partition(":")[0]
        assert (ROOT / source).exists() if source.startswith(".") else source in compose()["volumes"], source


def test_stopping_has_the_time_that_it_takes() -> None:
    assert int(SERVICES["roadlens"]["stop_grace_period"].removesuffix("s")) > LAST_ONES_S + SHUTDOWN_S + CLOSE_S
