"""A body that is too long is refused as a problem, whether its length is announced or not."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tests.support.api import Api


async def endless(chunks: list[int]) -> AsyncIterator[bytes]:
    for _ in range(10_000):
        chunks.append(1)
        yield b" " * 1024


async def test_it_is_refused(api: Api) -> None:
    chunks: list[int] = []
    headers = {"Content-Type": "application/json"}
    for content in (b" " * 65_537, endless(chunks)):
        response = await api.client.post("/api/v1/auth/login", content=content, headers=headers)
        assert response.status_code == 413
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.json()["detail"] == "The body may have at most 65536 bytes."
    assert len(chunks) < 100, "it was read to its end"


async def test_up_to_the_limit_it_is_read(api: Api) -> None:
    response = await api.client.post("/api/v1/auth/login", content=b" " * 65_536)
    assert response.status_code == 422
