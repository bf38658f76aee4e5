"""When traces are kept, and that nothing of it is there when they are not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from roadlens.errors import SetupError
from roadlens.observability.tracing import tracer

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
NOTHING_IMPORTED = """
import sys
from roadlens.app import create_app
from roadlens.cli.main import app
from roadlens.observability.tracing import tracer
assert tracer(None, "test") is None
assert tracer(False, "test") is None
# Of its metrics the client of Redis imports some, where they are installed.
ours = ("opentelemetry.sdk.trace", "opentelemetry.exporter", "roadlens.observability.spans")
found = [name for name in sys.modules if name.startswith(ours)]
assert not found, found
"""
# A module that is None in there is one that is not installed, as far as `import` can tell.
NOT_INSTALLED = """
import sys
sys.modules["opentelemetry.exporter"] = sys.modules["opentelemetry.sdk"] = None
from roadlens.observability.tracing import tracer
print(tracer({wanted}, "test"))
"""


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER"):
        monkeypatch.delenv(name, raising=False)


def _run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={"PATH": "", **environment}
    )


def test_without_the_setting_nothing_is_imported() -> None:
    done = _run(NOTHING_IMPORTED)
    assert done.returncode == 0, done.stderr


def test_who_wants_traces_without_the_extra_is_told() -> None:
    done = _run(NOT_INSTALLED.format(wanted=True))
    assert done.stderr.strip().endswith(
        "ROADLENS_OTEL=1 needs OpenTelemetry, which is not installed: pip install 'roadlens[otel]'"
    )


def test_an_endpoint_that_may_be_meant_for_others_stops_nothing() -> None:
    done = _run(NOT_INSTALLED.format(wanted=None), **ENDPOINT)
    assert done.stdout == "None\n"
    assert "pip install 'roadlens[otel]'" in done.stderr


@pytest.mark.parametrize("off", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}])
def test_opentelemetry_s_own_switches_switch_off(off: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (ENDPOINT | off).items():
        monkeypatch.setenv(name, value)
    assert tracer(None, "test") is None
    assert tracer(True, "test") is None


def test_another_protocol_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(SetupError, match="http/protobuf only"):
        tracer(True, "test")
