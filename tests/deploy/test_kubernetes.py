"""The manifests are what Kubernetes reads, fit each other, and name what Roadlens has."""

from __future__ import annotations

from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # has no types
import pytest
import yaml

from roadlens import __version__
from roadlens.cli.listener import LAST_ONES_S
from roadlens.cli.place import CLOSE_S
from roadlens.settings import Settings
from roadlens.settings.lifecycle import SHUTDOWN_S
from tests.support.deployed import DEPLOY, compose, is_command, manifests, unknown_settings

OBJECTS = [document for _, document in manifests()]
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())
# The oldest that somebody may have, and the newest that the schemas know.
VERSIONS = ("1.25", "1.37")


def named(kind: str, name: str) -> dict[str, Any]:
    (found,) = (item for item in OBJECTS if (item["kind"], item["metadata"]["name"]) == (kind, name))
    return found


def pod(name: str) -> dict[str, Any]:
    spec: dict[str, Any] = named("Deployment", name)["spec"]["template"]["spec"]
    return spec


def containers() -> list[dict[str, Any]]:
    return [
        box for name in ("roadlens", "redis") for box in pod(name)["containers"] + pod(name).get("initContainers", [])
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_what_kubernetes_reads(version: str) -> None:
    for document in OBJECTS:
        kubernetes_validate.validate(document, version, strict=True)


def test_the_schemas_would_say_what_is_wrong() -> None:
    wrong = named("Service", "roadlens") | {"spek": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[0], strict=True)


def test_the_kustomization_has_every_file_but_the_example() -> None:
    files = {f"kubernetes/{name}" for name, _ in manifests()}
    assert files - set(KUSTOMIZATION["resources"]) == {"kubernetes/ingress.yaml"}
    assert set(KUSTOMIZATION["resources"]) <= files
    for generated in KUSTOMIZATION["configMapGenerator"]:
        assert all((DEPLOY / file).exists() for file in generated["files"])
    assert KUSTOMIZATION["images"] == [{"name": "roadlens", "newTag": __version__}]


@pytest.mark.parametrize("name", ["roadlens", "redis"])
def test_pods_run_without_rights(name: str) -> None:
    assert pod(name)["securityContext"]["runAsNonRoot"] is True
    assert pod(name)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod(name)["automountServiceAccountToken"] is False
    for container in pod(name)["containers"] + pod(name).get("initContainers", []):
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]


def test_settings_are_ones_that_roadlens_reads_and_accepts() -> None:
    settings = named("ConfigMap", "settings")["data"]
    variables = [item["name"] for box in containers() for item in box.get("env", [])]
    assert unknown_settings([*settings, *variables]) == []
    Settings.model_validate(settings)


def test_services_set_no_variables() -> None:
    """A service named `redis` would otherwise set REDIS_PORT to an address."""
    assert pod("roadlens")["enableServiceLinks"] is False


def test_secrets_are_those_that_the_script_makes() -> None:
    made = set(compose()["secrets"])
    for box in containers():
        for item in box.get("env", []):
            assert item["value"].removeprefix("/run/secrets/roadlens/") in made


def test_probes_ask_for_paths_that_there_are_at_the_port_that_there_is() -> None:
    (box,) = pod("roadlens")["containers"]
    asked = {probe: box[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert asked == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    assert [port["containerPort"] for port in box["ports"]] == [Settings.model_fields["port"].default]
    assert all(is_command(init["args"]) for init in pod("roadlens")["initContainers"])


def test_stopping_has_the_time_that_it_takes() -> None:
    (box,) = pod("roadlens")["containers"]
    waits = int(box["lifecycle"]["preStop"]["exec"]["command"][-1])
    assert pod("roadlens")["terminationGracePeriodSeconds"] > waits + LAST_ONES_S + SHUTDOWN_S + CLOSE_S


def test_services_and_policies_choose_pods_that_there_are() -> None:
    labels = [named("Deployment", name)["spec"]["template"]["metadata"]["labels"] for name in ("roadlens", "redis")]
    selectors = [item["spec"]["selector"] for item in OBJECTS if item["kind"] == "Service"]
    policies = [item["spec"]["podSelector"] for item in OBJECTS if item["kind"] == "NetworkPolicy"]
    selectors += [policy["matchLabels"] for policy in policies if policy]
    assert len(selectors) == 4
    assert all(any(selector.items() <= label.items() for label in labels) for selector in selectors)


def test_connections_of_all_pods_are_what_the_comment_says() -> None:
    settings = named("ConfigMap", "settings")["data"]
    scaler = named("HorizontalPodAutoscaler", "roadlens")["spec"]
    of_a_pod = int(settings["ROADLENS_DB_MAX_CONNECTIONS"]) + int(settings["ROADLENS_WORKERS"])
    text = (DEPLOY / "kubernetes" / "scaling.yaml").read_text()
    most = scaler["maxReplicas"] + 1
    assert f"{most} x {of_a_pod} = {most * of_a_pod}" in text
    assert scaler["minReplicas"] > named("PodDisruptionBudget", "roadlens")["spec"]["minAvailable"]
