"""Trips of the fleet, and one with its track."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from tests.support.api import Api
from tests.support.known_fleet import days_ago


async def trip_of(fleet: Api, driver_id: str) -> str:
    return str((await fleet.answer("/admin/trips", driver_id=driver_id))["items"][0]["trip_id"])


async def test_a_trip_in_the_list(fleet: Api) -> None:
    newest = (await fleet.answer("/admin/trips", limit=1))["items"][0]
    assert newest.keys() == {
        "trip_id", "driver_id", "vehicle_id", "started_at", "ended_at", "distance_km", "duration_s", "trip_score",
        "event_counts",
    }  # fmt: skip
    assert (newest["driver_id"], newest["vehicle_id"], newest["distance_km"]) == ("DRV-0002", "VEH-0002", 10.0)
    assert (newest["duration_s"], newest["trip_score"]) == (1200, 70.1)
    assert newest["event_counts"] == {
        "harsh_braking": 2,
        "rapid_acceleration": 0,
        "harsh_cornering": 0,
        "speeding": 1,
        "phone_use": 0,
    }


async def test_pages_and_filters(fleet: Api) -> None:
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await fleet.answer("/admin/trips", limit=10, **after)
        seen += [trip["trip_id"] for trip in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len(seen) == 42
    assert seen == sorted(set(seen), reverse=True)

    begin = days_ago(2) + timedelta(minutes=10)
    end = days_ago(2) + timedelta(minutes=20)
    between = (await fleet.answer("/admin/trips", **{"from": begin.isoformat(), "to": end.isoformat()}))["items"]
    assert [trip["started_at"] for trip in between] == [
        (end - timedelta(minutes=minute)).isoformat().replace("+00:00", "Z") for minute in range(1, 11)
    ]
    assert len((await fleet.answer("/admin/trips", driver_id="DRV-0003"))["items"]) == 1
    assert (await fleet.answer("/admin/trips", driver_id="DRV-9999"))["items"] == []
    assert (await fleet.answer("/admin/trips", to="1969-12-31"))["items"] == []
    assert len((await fleet.answer("/admin/trips", **{"from": "1600-01-01", "to": "9999-12-31"}))["items"]) == 42


async def test_a_trip_with_track_and_events(fleet: Api) -> None:
    trip = await fleet.answer(f"/admin/trips/{await trip_of(fleet, 'DRV-0002')}")
    assert (trip["driver_name"], trip["vehicle_name"], trip["day"]) == (
        "Bo Lindqvist",
        "Van 2",
        str(days_ago(1).date()),
    )
    assert (len(trip["track"]), trip["track_kept"]) == (120, True)
    assert trip["track"][0] == {
        "time": days_ago(1).isoformat().replace("+00:00", "Z"),
        "latitude": 52.5,
        "longitude": 13.4,
        "speed_kmh": None,
        "course": 90.0,
    }
    assert trip["track"][1]["speed_kmh"] == 40.5
    assert [(event["event_type"], event["source"], event["state"]) for event in trip["events"]] == [
        ("harsh_braking", "device", "needs_review"),
        ("harsh_braking", "gps", "needs_review"),
        ("speeding", "device", "coached"),
    ]


async def test_a_position_that_came_twice_is_one_point(fleet: Api) -> None:
    async with fleet.database.write() as session:
        await session.execute(
            "INSERT INTO positions SELECT device_id, fix_time, digest + 1000, 0, 0, 0, 0, 0, 0, 0, 0 FROM positions"
        )
    trip = await fleet.answer(f"/admin/trips/{await trip_of(fleet, 'DRV-0002')}")
    assert len(trip["track"]) == 120
    assert all(point["latitude"] > 52 for point in trip["track"])


async def test_a_long_track_is_thinned_evenly(fleet: Api) -> None:
    async with fleet.database.write() as session:
        await session.execute("UPDATE trips SET position_count = 30000 WHERE driver_id = 'DRV-0002'")
    trip = await fleet.answer(f"/admin/trips/{await trip_of(fleet, 'DRV-0002')}")
    assert [point["time"][-9:] for point in trip["track"][:3]] == ["12:00:00Z", "12:00:30Z", "12:01:00Z"]
    assert (len(trip["track"]), trip["track_kept"]) == (40, True)


async def test_a_trip_without_positions_or_events(fleet: Api) -> None:
    trip = await fleet.answer(f"/admin/trips/{await trip_of(fleet, 'DRV-0003')}")
    assert (trip["track"], trip["events"], trip["track_kept"]) == ([], [], False)


async def test_a_trip_says_whether_its_track_is_kept(fleet: Api) -> None:
    path = f"/admin/trips/{await trip_of(fleet, 'DRV-0002')}"
    whole = await fleet.answer(path)
    for dropped, points in ((60, 114), (1200, 0)):
        async with fleet.database.write() as session:
            moment = {"moment": days_ago(1) + timedelta(seconds=dropped)}
            await session.execute("DELETE FROM positions WHERE fix_time < :moment", moment)
            await session.execute("UPDATE installation SET positions_from = :moment", moment)
        trip = await fleet.answer(path)
        assert trip == whole | {"track": whole["track"][120 - points :], "track_kept": False}


async def test_a_trip_says_what_was_left_out_if_somebody_looked(fleet: Api) -> None:
    nobody = await fleet.answer(f"/admin/trips/{await trip_of(fleet, 'DRV-0003')}")
    assert (nobody["left_out"], nobody["speeding_s"]) == (None, None)
    path = f"/admin/trips/{await trip_of(fleet, 'DRV-0002')}"
    async with fleet.database.write() as session:
        await session.execute(
            "UPDATE trips SET speeding_s = 7, gap_s = 1, jump_s = 2, frozen_s = 3, sparse_s = 4, imprecise_s = 5"
        )
    trip = await fleet.answer(path)
    assert trip["speeding_s"] == 7
    assert trip["left_out"] == {"gap_s": 1, "jump_s": 2, "frozen_s": 3, "sparse_s": 4, "imprecise_s": 5}


async def test_an_unknown_trip(fleet: Api) -> None:
    assert (await fleet.get(f"/admin/trips/{UUID(int=7)}")).status_code == 404


async def test_statements(fleet: Api) -> None:
    trip = await trip_of(fleet, "DRV-0002")
    await fleet.trusting("/admin/users")  # who asks is known from here on
    for path, most in (("/admin/trips?driver_id=DRV-0001", 1), (f"/admin/trips/{trip}", 2)):
        with fleet.statements() as seen:
            await fleet.trusting(path, seen)
        assert len(seen) == most, path
