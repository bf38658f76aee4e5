"""Versions as ETags, the order of commit and answer, and a database that goes away in between."""

from __future__ import annotations

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.types import Message, Receive, Scope, Send

from roadlens.domain import Role
from roadlens.storage.writes import cache_tags
from tests.support.api import Api

BO = {"first_name": "Bo", "last_name": "Lindqvist"}
PATH = "/admin/drivers/DRV-0001"


@pytest.fixture
async def edited(api: Api) -> Api:
    """A driver at version 2."""
    return await with_a_driver_at_version_2(api)


@pytest.fixture(scope="module")
async def refusing(shared_api: Api) -> Api:
    """The same for tests that change nothing."""
    return await with_a_driver_at_version_2(shared_api)


async def with_a_driver_at_version_2(api: Api) -> Api:
    await api.send("POST", "/admin/drivers", BO)
    assert (await api.send("PATCH", PATH, {"city": "Malmö"})).headers["ETag"] == '"2"'
    return api


EDITS = [("PUT", BO), ("PATCH", {"city": "Lund"}), ("DELETE", None)]


@pytest.mark.parametrize(("method", "body"), EDITS)
@pytest.mark.parametrize("stale", ['"1"', '"3"', '"1-0011223344556677"', "2", '"x"', "", '"22"', '"1", "3"'])
async def test_another_version_is_refused(refusing: Api, method: str, body: dict[str, str] | None, stale: str) -> None:
    answer = await refusing.send(method, PATH, body, if_match=stale)
    assert answer.status_code == 412, answer.text
    assert answer.json()["type"] == "urn:roadlens:problem:precondition-failed"
    assert "version 2" in answer.json()["detail"]
    assert (await refusing.answer(PATH))["city"] == "Malmö"


@pytest.mark.parametrize(("method", "body"), EDITS)
@pytest.mark.parametrize("good", ['"2"', '"2-0011223344556677"', 'W/"2-00"', '"1", "2"', "*", None])
async def test_the_same_version_and_none_are_accepted(
    edited: Api, method: str, body: dict[str, str] | None, good: str | None
) -> None:
    answer = await edited.send(method, PATH, body, if_match=good)
    assert answer.status_code in (200, 204), answer.text
    assert method == "DELETE" or answer.headers["ETag"] == '"3"'


async def test_what_a_detail_says_is_good_for_an_edit(fleet_of_one: Api) -> None:
    """Of a driver, a vehicle, a device, an assignment and a user."""
    for path, body in (
        ("/admin/drivers/DRV-0001", {"city": "Lund"}),
        ("/admin/vehicles/VEH-0001", {"plate": "X"}),
        ("/admin/devices/tracker-1", {"name": "x"}),
        ("/admin/assignments/1", {"valid_to": "2031-01-01"}),
        ("/admin/users/2", {"email": "v@example.com"}),
    ):
        seen = (await fleet_of_one.get(path)).headers["ETag"]
        assert (await fleet_of_one.get(path)).headers["ETag"] == seen
        changed = await fleet_of_one.send("PATCH", path, body, if_match=seen)
        assert changed.status_code == 200, (path, changed.text)
        assert (await fleet_of_one.get(path)).headers["ETag"] != seen
        assert (await fleet_of_one.send("PATCH", path, body, if_match=seen)).status_code == 412
        assert (await fleet_of_one.send("PATCH", path, body, if_match=changed.headers["ETag"])).status_code == 200


async def test_two_who_edit_what_a_list_showed_both(fleet_of_one: Api) -> None:
    """Out of the cache too: the second is told, what the first wrote stays, and the second can read and edit again."""
    for path, listed, key, body, other in (
        ("/admin/drivers", "drivers", "driver_id", {"city": "Lund"}, {"city": "Oslo"}),
        ("/admin/vehicles", "items", "vehicle_id", {"plate": "X"}, {"plate": "Y"}),
        ("/admin/users", "items", "user_id", {"email": "v@example.com"}, {"email": "w@example.com"}),
        ("/admin/devices", "items", "unique_id", {"name": "x"}, {"name": "y"}),
        ("/admin/assignments", "items", "assignment_id", {"valid_to": "2031-01-01"}, {"valid_to": "2032-01-01"}),
    ):
        await fleet_of_one.trusting(path)
        answer = await fleet_of_one.trusting(path)
        assert "hit" in answer.headers.get("Cache-Status", "hit")
        shown = answer.json()[listed][-1]
        address, version = f"{path}/{shown[key]}", f'"{shown["version"]}"'
        first = await fleet_of_one.send("PATCH", address, body, if_match=version)
        assert (first.status_code, first.json()["version"]) == (200, shown["version"] + 1), first.text
        assert (await fleet_of_one.send("PATCH", address, other, if_match=version)).status_code == 412
        now = await fleet_of_one.answer(address)
        assert {name: now[name][: len(value)] for name, value in body.items()} == body
        again = await fleet_of_one.send("PATCH", address, other, if_match=f'"{now["version"]}"')
        assert again.status_code == 200
        assert (await fleet_of_one.answer(path))[listed][-1]["version"] == again.json()["version"]


@pytest.mark.parametrize("coding", ["identity", "gzip", "zstd"])
async def test_a_kept_detail_s_etag_is_good_for_an_edit_in_every_coding(edited: Api, coding: str) -> None:
    await edited.send("PATCH", PATH, {"address": "Quay " * 30})  # long enough to be compressed
    headers = {"Authorization": f"Bearer {edited.tokens[Role.ADMIN]}", "Accept-Encoding": coding}
    await edited.client.get(f"/api/v1{PATH}", headers=headers)
    seen = await edited.client.get(f"/api/v1{PATH}", headers=headers)
    assert "hit" in seen.headers["Cache-Status"]
    assert seen.headers.get("Content-Encoding", "identity") == coding
    assert seen.headers["ETag"].startswith(f'"{seen.json()["version"]}-')
    etag = seen.headers["ETag"]
    assert (await edited.send("PATCH", PATH, {"city": "Lund"}, if_match=etag)).status_code == 200
    assert (await edited.send("PATCH", PATH, {"city": "Oslo"}, if_match=etag)).status_code == 412


async def test_telemetry_changes_the_etag_and_not_the_version(edited: Api) -> None:
    before = (await edited.get(PATH)).headers["ETag"]
    async with edited.database.write() as session:
        await session.execute("UPDATE driver_summary SET trips = trips + 1")
        # An answer shows what telemetry adds when its time is over; this is as if it were.
        await cache_tags.raise_tags(session, ["prefix:driver_detail"])
    after = (await edited.get(PATH)).headers["ETag"]
    assert before != after
    assert (await edited.send("PATCH", PATH, {"city": "Lund"}, if_match=before)).status_code == 200


@pytest.fixture
async def fleet_of_one(api: Api) -> Api:
    await api.send("POST", "/admin/drivers", BO)
    await api.send("POST", "/admin/vehicles", {"name": "Van"})
    await api.send("POST", "/admin/devices", {"unique_id": "tracker-1"})
    body = {"driver_id": "DRV-0001", "vehicle_id": "VEH-0001"}
    assert (await api.send("POST", "/admin/devices/tracker-1/assignments", body)).status_code == 201
    return api


async def test_the_commit_comes_before_the_answer(api: Api) -> None:
    """When the first byte leaves, another connection sees the row."""
    seen: list[int] = []

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def looking(message: Message) -> None:
            async with api.database.read() as session:
                seen.append(await session.value("SELECT count(*) FROM drivers"))
            await send(message)

        await api.app(scope, receive, looking)

    headers = {"Authorization": f"Bearer {api.tokens[Role.ADMIN]}"}
    async with AsyncClient(transport=ASGITransport(watched), base_url="http://roadlens.test") as client:
        answer = await client.post("/api/v1/admin/drivers", headers=headers, json=BO)
    assert answer.status_code == 201
    assert seen == [1, 1]


async def test_a_commit_that_fails_is_no_success(api: Api) -> None:
    async with api.database.write() as session:
        await session.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$"
        )
        await session.execute(
            "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON drivers DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    answer = await api.send("POST", "/admin/drivers", BO)
    assert answer.status_code == 500
    assert "not today" not in answer.text
    async with api.database.read() as session:
        assert (
            await session.value("SELECT (SELECT count(*) FROM drivers) + (SELECT sum(drivers) FROM fleet_totals)") == 0
        )


async def test_a_database_that_goes_away_leaves_nothing_half_written(api: Api) -> None:
    """The server ends the connection at the commit, when everything has been written and nothing is settled."""
    async with api.database.write() as session:
        await session.execute(
            "CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$"
        )
        await session.execute(
            "CREATE CONSTRAINT TRIGGER vanish AFTER INSERT ON drivers DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION vanish()"
        )
    answer = await api.send("POST", "/admin/drivers", BO)
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["type"] == "urn:roadlens:problem:database-unavailable"
    async with api.database.write() as session:
        await session.execute("DROP TRIGGER vanish ON drivers")
        assert await session.value("SELECT count(*) FROM drivers") == 0
        assert await session.value("SELECT count(*) FROM audit_log WHERE entity = 'driver'") == 0
    assert (await api.send("POST", "/admin/drivers", BO)).status_code == 201
