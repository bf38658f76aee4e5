"""Behind a real nginx with the file of `deploy/`: TLS, who asks, what is too large, exports, `/metrics` for nobody."""

from __future__ import annotations

import gzip
import json
import ssl
from collections.abc import Iterator

import httpx
import pytest

from tests.support.installation import ADMIN_PASSWORD, Api, Installation
from tests.support.nginx import NAME, Nginx, running_nginx
from tests.support.postgres import Server
from tests.support.workers import until

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def installation(
    postgres: Server, fleet_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with postgres.copy_of(fleet_template) as url:
        settings = {"DATABASE_URL": url, "ROADLENS_WORKERS": "2", "ROADLENS_TRUSTED_PROXIES": "127.0.0.1"}
        yield Installation(tmp_path_factory.mktemp("behind") / "data", settings)


@pytest.fixture(scope="module")
def upstream(installation: Installation) -> Iterator[Api]:
    with installation.server() as api:
        yield api


@pytest.fixture(scope="module")
def nginx(upstream: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with running_nginx(tmp_path_factory.mktemp("nginx") / "files", upstream.client.base_url) as server:
        yield server


@pytest.fixture
def client(nginx: Nginx, upstream: Api) -> Iterator[httpx.Client]:
    """Over TLS, and believing the certificate for its name."""
    headers = {"Host": NAME, "Authorization": upstream.client.headers["Authorization"]}
    trusted = ssl.create_default_context(cafile=str(nginx.certificate))
    # From another address than the proxy's, which Roadlens would take for one more proxy.
    way = httpx.HTTPTransport(verify=trusted, local_address="127.0.0.2")
    with httpx.Client(base_url=nginx.secure, headers=headers, transport=way, timeout=120) as opened:
        yield opened


def test_answers_come_through_with_what_the_cache_says(client: httpx.Client) -> None:
    verdicts = [client.get("/api/v1/admin/dashboard/summary").headers["Cache-Status"] for _ in range(5)]
    assert verdicts[-1].startswith("roadlens; hit")
    answer = client.get("/api/v1/admin/dashboard/summary")
    again = client.get("/api/v1/admin/dashboard/summary", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_plain_http_leads_to_tls_with_its_method(nginx: Nginx) -> None:
    answer = httpx.post(f"{nginx.plain}/api/v1/auth/login?a=b", headers={"Host": NAME})
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"https://{NAME}/api/v1/auth/login?a=b"


def test_metrics_are_for_nobody(client: httpx.Client, upstream: Api) -> None:
    assert client.get("/metrics").status_code == 404
    assert upstream.client.get(str(upstream.client.base_url.join("/metrics"))).status_code == 200


def test_guesses_are_charged_to_the_client_whatever_it_claims_to_be(client: httpx.Client, upstream: Api) -> None:
    """Ten wrong passwords of one address use up its budget, though each claims another; another address has its own."""
    wrong = {"username": "admin", "password": "not this one"}
    for number in range(10):
        claimed = {"X-Forwarded-For": f"192.0.2.{number}"}
        assert client.post("/api/v1/auth/login", json=wrong, headers=claimed).status_code == 401
    right = {"username": "admin", "password": ADMIN_PASSWORD}
    assert client.post("/api/v1/auth/login", json=right).status_code == 429
    elsewhere = {"X-Forwarded-For": "198.51.100.7"}  # said by a trusted address, as another proxy would
    assert upstream.client.post("/auth/login", json=right, headers=elsewhere).status_code == 200


def test_a_batch_of_the_largest_size_comes_through_and_a_larger_one_does_not(
    client: httpx.Client, installation: Installation
) -> None:
    token = {"Authorization": f"Bearer {installation.run('tokens', 'create', 'behind nginx').strip()}"}
    forward = {"device": {"uniqueId": "x"}, "position": {"fixTime": "2001-01-01T00:00:00Z", "valid": False}}
    body = json.dumps([forward]).ljust(8 * 1024 * 1024).encode()
    answer = client.post("/api/v1/ingest/positions", content=body, headers=token | {"Content-Type": "application/json"})
    assert answer.status_code == 200
    assert answer.json()["dropped"] == 1
    assert client.post("/api/v1/ingest/positions", content=body + b" ", headers=token).status_code == 413
    packed = token | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert client.post("/api/v1/ingest/positions", content=gzip.compress(body), headers=packed).status_code == 200


def test_an_export_comes_as_it_is_read(client: httpx.Client) -> None:
    with client.stream("GET", "/api/v1/admin/exports/drivers.csv") as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert len("".join(answer.iter_text()).splitlines()) == 5


def test_a_token_in_an_address_is_in_no_log(client: httpx.Client, nginx: Nginx) -> None:
    client.post("/api/v1/ingest/phone?access_token=rlt_secret", json={})
    # It is logged when the answer has been sent.
    until(lambda: '"POST /api/v1/ingest/phone"' in nginx.log.read_text())
    assert "rlt_secret" not in nginx.log.read_text()
