"""Debian's nginx with the file of `deploy/`, but for its ports and places, and a certificate that lives for a test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.embedded_database import until
from tests.support.sandbox import Sandboxed
from tests.support.valkey import HOST, free_port

CONFIG = Path(__file__).parents[2] / "deploy" / "nginx" / "roadlens.conf"
NAME = "roadlens.example"

AROUND = """
daemon off;
error_log stderr info;
pid {directory}/pid;
events {{}}
http {{
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/roadlens.conf;
}}
"""


@dataclass(frozen=True)
class Nginx:
    """Where it listens; `log` is what it wrote of requests."""

    plain: str
    secure: str
    certificate: Path
    log: Path


@contextmanager
def running_nginx(directory: Path, upstream: httpx.URL) -> Iterator[Nginx]:
    directory.mkdir()
    plain, secure = free_port(), free_port()
    _certify(directory)
    written = CONFIG.read_text()
    for found, ours in {
        "server 127.0.0.1:8000;": f"server {upstream.host}:{upstream.port};",
        "listen 80;": f"listen {HOST}:{plain};",
        "listen 443 ssl": f"listen {HOST}:{secure} ssl",
        "/etc/nginx/tls/": f"{directory}/",
        "/var/log/nginx/": f"{directory}/",
    }.items():
        assert found in written
        written = written.replace(found, ours)
    (directory / "roadlens.conf").write_text(written)
    (directory / "nginx.conf").write_text(AROUND.format(directory=directory))
    command: list[str | Path] = ["nginx", "-c", directory / "nginx.conf", "-e", "stderr"]
    process = Sandboxed(command, [directory], directory / "said")
    process.start()
    try:
        server = Nginx(
            f"http://{HOST}:{plain}", f"https://{HOST}:{secure}", directory / "roadlens.crt", directory / "roadlens.log"
        )
        until(lambda: process.ended or (directory / "pid").exists(), "nginx runs")
        assert not process.ended, process.said()
        yield server
    finally:
        process.stop()


def _certify(directory: Path) -> None:
    make = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    files: list[str | Path] = ["-keyout", directory / "roadlens.key", "-out", directory / "roadlens.crt"]
    names = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},IP:{HOST}"]
    subprocess.run([*make, *files, *names], check=True, capture_output=True)
