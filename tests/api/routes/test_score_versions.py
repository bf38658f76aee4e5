"""Versions of the scoring as everybody sees them."""

from __future__ import annotations

from roadlens.domain import Role
from roadlens.scoring import bounds
from roadlens.scoring.parameters import DEFAULT
from tests.support.api import Api
from tests.support.score_versions import add_version, pending

LORRY = {"classes": {**DEFAULT.as_dict().get("classes", {}), "lorry": {"gps_braking_ms2": 1.8}}}


async def test_versions_with_their_state_and_what_differs(api: Api) -> None:
    await add_version(api.database, 2, gps_confidence=0.5, **LORRY)
    await pending(api.database, 3)
    async with api.database.write() as session:
        await session.execute("UPDATE score_rebuilds SET chunks = 4")
        await session.execute(
            "INSERT INTO rescored_chunks SELECT 3, chunk, gen_random_uuid(), gen_random_uuid(), 9, now(), "
            "CASE WHEN chunk < 2 THEN now() END FROM generate_series(0, 3) AS chunk"
        )
    answer = await api.answer("/admin/score-versions")
    assert [(each["version"], each["state"], each["progress"]) for each in answer["items"]] == [
        (1, "active", None),
        (2, "draft", None),
        (3, "rebuilding", 0.7425),
    ]
    assert answer["items"][1]["differs"] == [
        {"name": "gps_confidence", "vehicle_class": None, "active": DEFAULT.gps_confidence, "value": 0.5},
        {"name": "gps_braking_ms2", "vehicle_class": "lorry", "active": None, "value": 1.8},
    ]


async def test_a_version_with_every_value(api: Api) -> None:
    await add_version(api.database, 2, gps_confidence=0.5, **LORRY)
    answer = await api.answer("/admin/score-versions/2")
    assert [each["name"] for each in answer["values"]] == list(bounds.table())
    found = {each["name"]: each for each in answer["values"]}
    assert (found["gps_confidence"]["value"], found["gps_confidence"]["active"]) == (0.5, DEFAULT.gps_confidence)
    assert found["risk_window_days"]["unit"] == "days"
    classes = {each["vehicle_class"]: each["values"] for each in answer["classes"]}
    assert [(each["name"], each["value"], each["active"]) for each in classes["lorry"]] == [
        ("gps_braking_ms2", 1.8, None)
    ]
    assert answer["formula"] == DEFAULT.as_dict()["formula"]


async def test_viewers_may_see_them_and_there_is_no_other(api: Api) -> None:
    assert (await api.get("/admin/score-versions", Role.VIEWER)).status_code == 200
    missing = await api.get("/admin/score-versions/9", Role.VIEWER)
    assert (missing.status_code, missing.json()["detail"]) == (
        404,
        "There is no score version 9. `roadlens score versions` lists them, and so does /api/v1/admin/score-versions.",
    )
    assert (await api.get("/admin/score-versions/0")).status_code == 422
    assert (await api.client.get("/api/v1/admin/score-versions")).status_code == 401


async def test_each_is_one_statement(api: Api) -> None:
    for path in ("/admin/score-versions", "/admin/score-versions/1"):
        with api.statements() as statements:
            await api.trusting(path, statements)
        assert len([each for each in statements if "score_versions" in each]) == 1, path
