"""TLS, on a server that was built with it: the certificate's signer and the host's name count."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from roadlens.cache.store import Budget
from tests.support.valkey import HOST, OTHER_PROGRAM, Valkey, free_port, opened_store, running_valkey

pytestmark = pytest.mark.skipif(
    not os.environ.get(OTHER_PROGRAM) or not shutil.which("openssl"),
    reason="Valkey's wheel has no TLS; `make test-system` runs this on Debian's Redis, with openssl",
)


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A certificate that signs itself, for this machine; its key is beside it."""
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout key.pem -out certificate.pem"
    alternative = ["-addext", f"subjectAltName=IP:{HOST}"]
    subprocess.run([*command.split(), *alternative], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path / "certificate.pem"


@pytest.fixture
def server(tmp_path: Path, authority: Path) -> Iterator[tuple[Valkey, int]]:
    port = free_port()
    key = str(tmp_path / "key.pem")
    options = ["--tls-cert-file", str(authority), "--tls-key-file", key, "--tls-ca-cert-file", str(authority)]
    with running_valkey(tmp_path / "server", "--tls-port", str(port), "--tls-auth-clients", "no", *options) as running:
        yield running, port


async def test_whom_the_file_names_is_believed(server: tuple[Valkey, int], authority: Path) -> None:
    valkey, port = server
    async with opened_store(valkey.config(port=port, tls=True, ca_file=str(authority), patience=1.0)) as store:
        assert store.usable
        await store.put("key", b"x", 60, Budget(5))
        assert await store.get("key", Budget(5)) == b"x"


async def test_nobody_else_is(server: tuple[Valkey, int], caplog: pytest.LogCaptureFixture) -> None:
    valkey, port = server
    async with opened_store(valkey.config(port=port, tls=True)) as store:
        assert not store.usable
    assert "Check ROADLENS_REDIS_CA_FILE" in caplog.text
