"""After each kind of edit every kept answer is what would be computed now; nothing of it is forgotten in a tag."""

from __future__ import annotations

import json
from typing import Any

from httpx import ASGITransport, AsyncClient

from roadlens.cache.loading import computing_anew
from roadlens.domain import Role
from tests.support.api import Api

ADDRESSES = (
    "/admin/dashboard/stats",
    "/admin/dashboard/summary",
    "/admin/dashboard/trip-activity",
    "/admin/dashboard/risk-distribution",
    "/admin/dashboard/safety-events",
    "/admin/dashboard/attention",
    "/admin/drivers?limit=3",
    "/admin/drivers?search=a&sort=name",
    "/admin/drivers?risk_level=low&sort=risk",
    "/admin/drivers/DRV-0001",
    "/admin/drivers/DRV-0002",
    "/admin/drivers/DRV-0002/statistics",
    "/admin/drivers/DRV-0002/risk",
    "/admin/drivers/DRV-0001/statistics",
    "/admin/drivers/DRV-0001/risk",
    "/admin/drivers/DRV-0001/trips?limit=2",
    "/admin/drivers/DRV-0004",
    "/admin/trips?limit=2",
    "/admin/events",
    "/admin/events/inbox",
    "/admin/events/inbox?driver_id=DRV-0002",
    "/admin/vehicles",
    "/admin/users",
)

# Method, address and body; in this order. The first driver has trips and a score, the second events, the fourth none.
EDITS: tuple[tuple[str, str, Any], ...] = (
    ("PATCH", "/admin/events/{event}", {"state": "dismissed", "note": "a dog"}),
    ("POST", "/admin/events/review", {"event_ids": ["{event}"], "state": "coached"}),
    ("POST", "/admin/drivers", {"driver_id": "DRV-0100", "first_name": "Ana", "last_name": "Mora"}),
    ("PATCH", "/admin/drivers/DRV-0001", {"first_name": "Ada Maria"}),
    ("PUT", "/admin/drivers/DRV-0004", {"first_name": "Dia", "last_name": "Vance"}),
    ("POST", "/admin/vehicles", {"vehicle_id": "VEH-0100", "name": "New van"}),
    ("PATCH", "/admin/vehicles/VEH-0001", {"name": "Blue van"}),
    ("PUT", "/admin/vehicles/VEH-0002", {"name": "Red van", "make": "MAN"}),
    ("POST", "/admin/devices", {"unique_id": "new/device"}),
    ("POST", "/admin/devices/new/device/assignments", {"driver_id": "DRV-0004", "vehicle_id": "VEH-0100"}),
    ("PATCH", "/admin/devices/new/device", {"name": "the new one"}),
    ("PATCH", "/admin/assignments/1", {"vehicle_id": "VEH-0100"}),
    ("PATCH", "/admin/assignments/1", {"driver_id": "DRV-0004"}),
    ("PATCH", "/admin/assignments/1", {"driver_id": "DRV-0001"}),
    ("DELETE", "/admin/assignments/2", None),
    ("POST", "/admin/users", {"username": "third", "role": "viewer", "password": "long enough to be one"}),
    ("PATCH", "/admin/users/2", {"email": "viewer@example.com"}),
    ("PATCH", "/admin/users/3", {"active": False}),
    ("DELETE", "/admin/drivers/DRV-0004", None),
    ("DELETE", "/admin/drivers/DRV-0001", None),
)


async def test_every_edit_shows_in_every_answer_at_once(fleet: Api) -> None:
    assert len(await asked(fleet)) == len(ADDRESSES)
    headers = {"Authorization": f"Bearer {fleet.tokens[Role.ADMIN]}"}
    transport = ASGITransport(fleet.app.compute)  # type: ignore[attr-defined]  # what stands behind the cache
    async with AsyncClient(transport=transport, base_url="http://roadlens.test/api/v1", headers=headers) as behind:
        changed: set[str] = set()
        event = (await fleet.answer("/admin/events", driver_id="DRV-0002", state="needs_review"))["items"][0][
            "event_id"
        ]
        for method, path, body in EDITS:
            before = await asked(fleet)
            statuses = [(await fleet.trusting(url)).headers["Cache-Status"] for url, text in before.items() if text]
            assert all("hit" in status for status in statuses), "what is kept is to be made stale by the edit alone"
            this = json.loads(json.dumps(body).replace("{event}", event))
            edited = await fleet.send(method, path.replace("{event}", event), this)
            assert edited.is_success, (path, edited.text)
            after = await asked(fleet)
            with computing_anew():
                anew = {url: (await behind.get(url)).text for url in ADDRESSES}
            assert {url: text or anew[url] for url, text in after.items()} == anew, (method, path)
            changed |= {url for url in ADDRESSES if before[url] != after[url]}
        assert changed == {*ADDRESSES}, "each answer was changed by some edit, so each comparison said something"


async def asked(fleet: Api) -> dict[str, str]:
    """Each address's answer; empty where there is nothing, which is never kept."""
    answers = {url: await fleet.get(url) for url in ADDRESSES}
    return {url: answer.text if answer.status_code == 200 else "" for url, answer in answers.items()}
