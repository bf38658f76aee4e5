"""What the database tells at each commit: for each way to change a row, the tags of it and no others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

import psycopg
import pytest

from tests.support.listening import Listener

A_DRIVER = "INSERT INTO drivers (driver_id, first_name, last_name) VALUES ('D1', 'Ada', 'Okafor')"
A_VEHICLE = "INSERT INTO vehicles (vehicle_id, name) VALUES ('V1', 'van'), ('V2', 'bus')"
A_DEVICE = "INSERT INTO devices (unique_id) VALUES ('tracker')"
AN_ASSIGNMENT = (
    "INSERT INTO device_assignments (device_id, vehicle_id, driver_id) SELECT device_id, 'V1', 'D1' FROM devices"
)
A_USER = "INSERT INTO users (username, role, password_hash) VALUES ('ada', 'viewer', 'x')"
A_SCORE_VERSION = "INSERT INTO score_versions (version, parameters, active) VALUES (7, '{}', false)"
A_REVIEW = """INSERT INTO event_reviews (device_id, driver_id, event_type, began_at, ended_at, state)
    VALUES (1, 'D1', 'speeding', now(), now(), 'dismissed')"""
ALL = (A_DRIVER, A_VEHICLE, A_DEVICE, AN_ASSIGNMENT, A_USER, A_SCORE_VERSION)
BULK_OF_AN_ASSIGNMENT = {"assignments", "assignments:bulk", "drivers:bulk", "vehicles:bulk", "devices:bulk"}

BULK_OF_A_REVIEW = {"event_reviews", "event_reviews:bulk", "drivers:bulk"}


@pytest.mark.parametrize(
    ("statement", "tags"),
    [
        ("UPDATE drivers SET city = 'Berlin' WHERE driver_id = 'D1'", {"drivers", "driver:D1"}),
        ("UPDATE vehicles SET vehicle_id = 'V3' WHERE vehicle_id = 'V2'", {"vehicles", "vehicle:V2", "vehicle:V3"}),
        ("DELETE FROM drivers WHERE driver_id = 'D2'", {"drivers", "driver:D2"}),
        ("UPDATE vehicles SET name = upper(name)", {"vehicles", "vehicle:V1", "vehicle:V2"}),
        ("DELETE FROM vehicles WHERE vehicle_id = 'V2'", {"vehicles", "vehicle:V2"}),
        ("UPDATE devices SET name = 'x'", {"devices", "device:1"}),
        (
            "UPDATE device_assignments SET vehicle_id = 'V2'",
            {"assignments", "driver:D1", "vehicle:V1", "vehicle:V2", "device:1"},
        ),
        ("DELETE FROM device_assignments", {"assignments", "driver:D1", "vehicle:V1", "device:1"}),
        ("UPDATE users SET active = false", {"users", "user:1"}),
        ("UPDATE users SET token_epoch = token_epoch + 1", {"users", "user:1"}),
        ("UPDATE score_versions SET parameters = '{\"a\": 1}' WHERE version = 7", {"score_versions"}),
        ("DELETE FROM score_versions WHERE version = 7", {"score_versions"}),
        ("TRUNCATE score_versions CASCADE", {"score_versions", "score_versions:bulk"}),
        ("TRUNCATE device_assignments", BULK_OF_AN_ASSIGNMENT),
        (A_REVIEW, {"event_reviews", "driver:D1"}),
        ("TRUNCATE event_reviews", BULK_OF_A_REVIEW),
        ("TRUNCATE users CASCADE", {"users", "users:bulk", *BULK_OF_A_REVIEW}),
        (
            "TRUNCATE drivers CASCADE",
            {"drivers", *BULK_OF_AN_ASSIGNMENT, *BULK_OF_A_REVIEW},
        ),
        # What nobody sees changes no answer.
        ("UPDATE users SET password_hash = 'y'", set()),
        ("UPDATE devices SET by_hand = true", set()),
        ("UPDATE drivers SET city = city", set()),
        ("UPDATE drivers SET city = 'Rome' WHERE false", set()),
        ("DELETE FROM drivers WHERE false", set()),
        ("UPDATE fleet_totals SET trips = trips + 1", set()),
        # Other ways to write.
        (
            "INSERT INTO drivers (driver_id, first_name, last_name) VALUES ('D1', 'x', 'y') "
            "ON CONFLICT (driver_id) DO UPDATE SET first_name = excluded.first_name",
            {"drivers", "driver:D1"},
        ),
        (
            "MERGE INTO vehicles USING (VALUES ('V1'), ('V9')) AS new (id) ON vehicle_id = id "
            "WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (vehicle_id, name) VALUES (id, 'x')",
            {"vehicles", "vehicle:V9", "vehicle:V1"},
        ),
        ("SELECT roadlens_raise_tags('{prefix:drivers_list,everything}')", {"prefix:drivers_list", "everything"}),
    ],
)
def test_each_change_raises_the_tags_of_its_rows(listener: Listener, statement: str, tags: set[str]) -> None:
    listener.raised_by(*ALL, A_DRIVER.replace("D1", "D2"))
    if statement.startswith("MERGE"):
        listener.raised_by("DELETE FROM device_assignments")
    assert listener.raised_by(statement) == tags


def test_new_rows(listener: Listener) -> None:
    assert listener.raised_by(A_DRIVER) == {"drivers", "driver:D1"}
    assert listener.raised_by(A_VEHICLE) == {"vehicles", "vehicle:V1", "vehicle:V2"}
    assert listener.raised_by(A_DEVICE) == {"devices", "device:1"}
    assert listener.raised_by(AN_ASSIGNMENT) == {"assignments", "driver:D1", "vehicle:V1", "device:1"}
    assert listener.raised_by(A_USER) == {"users", "user:1"}
    assert listener.raised_by(A_SCORE_VERSION) == {"score_versions"}
    with listener.changing.cursor().copy("COPY vehicles (vehicle_id, name) FROM STDIN") as copy:
        copy.write_row(("V8", "copied"))
    ((_, raised),) = listener.changes()
    assert [tag for tag, _, _ in raised] == ["vehicle:V8", "vehicles"]


def many(count: int) -> str:
    return (
        "INSERT INTO drivers (driver_id, first_name, last_name) "
        f"SELECT 'N' || n, 'x', 'y' FROM generate_series(1, {count}) AS n"
    )


def test_a_statement_over_many_rows_raises_the_bulk_tag(listener: Listener) -> None:
    assert len(listener.raised_by(many(99))) == 100
    assert listener.raised_by("UPDATE drivers SET city = 'Rome'", "DELETE FROM drivers") >= {"drivers", "driver:N7"}
    assert listener.raised_by(many(1000)) == {"drivers", "drivers:bulk"}
    assert listener.raised_by("UPDATE drivers SET city = 'Rome'") == {"drivers", "drivers:bulk"}
    assert listener.raised_by("UPDATE drivers SET city = 'Rome'") == set()
    assert listener.raised_by("DELETE FROM drivers") == {"drivers", "drivers:bulk"}


def test_1500_inserts_in_one_transaction(listener: Listener) -> None:
    one_by_one = [many(1).replace("'N' || n", f"'N{number}'") for number in range(1500)]
    assert listener.raised_by(*one_by_one) == {"drivers", "drivers:bulk"}


@pytest.mark.parametrize(
    ("ids", "tags"),
    [
        # Every one is short, and 90 of them are longer than 4 kB.
        ([f"N{number:03}" + "x" * 80 for number in range(90)], {"drivers", "drivers:bulk"}),
        # Each byte of these takes six in JSON.
        ([f"N{number:02}" + "\\001" * 100 for number in range(20)], {"drivers", "drivers:bulk"}),
        (["x" * 600], {"drivers", "drivers:bulk"}),
        (["ü" * 200], {"drivers", "driver:" + "ü" * 200}),
        (['a"b\\\\c,d{e}'], {"drivers", 'driver:a"b\\c,d{e}'}),
    ],
)
def test_ids_of_any_length_fit(listener: Listener, ids: list[str], tags: set[str]) -> None:
    inserts = [many(1).replace("'N' || n", f"E'{one}'") for one in ids]
    assert listener.raised_by(*inserts) == tags


def test_nothing_is_told_of_what_did_not_happen(listener: Listener) -> None:
    listener.changes()
    with listener.changing.transaction(force_rollback=True):
        listener.changing.execute(A_DRIVER)
    assert listener.changes() == []
    assert listener.raised_by("SAVEPOINT a", A_DRIVER, "ROLLBACK TO a") == set()


def test_a_savepoint_takes_back_only_what_is_in_it(listener: Listener) -> None:
    tags = listener.raised_by(A_VEHICLE, "SAVEPOINT a", A_DRIVER, "UPDATE vehicles SET name = 'x'", "ROLLBACK TO a")
    assert tags == {"vehicles", "vehicle:V1", "vehicle:V2"}


def test_constraints_made_immediate(listener: Listener) -> None:
    """The tags are raised then and there, and once more by what comes later; both are told at the commit."""
    listener.raised_by(A_DRIVER)
    with listener.changing.transaction():
        listener.changing.execute("SET CONSTRAINTS ALL IMMEDIATE")
        listener.changing.execute("UPDATE drivers SET city = 'a'")
        assert listener.changes() == []
        listener.changing.execute("UPDATE drivers SET city = 'b'")
    first, second = listener.changes()
    assert first.xid == second.xid
    assert [(tag, counter) for tag, counter, _ in first.raised] == [("driver:D1", 2), ("drivers", 2)]
    assert [(tag, counter) for tag, counter, _ in second.raised] == [("driver:D1", 3), ("drivers", 3)]


def test_two_statements_on_one_row_raise_it_once(listener: Listener) -> None:
    listener.raised_by(A_DRIVER)
    listener.raised_by("UPDATE drivers SET city = 'a'", "UPDATE drivers SET city = 'b'")
    held = listener.changing.execute("SELECT counter FROM cache_tag WHERE tag = 'driver:D1'").fetchone()
    assert held == (2,)


def test_a_cascade_from_another_table(listener: Listener) -> None:
    listener.raised_by(*ALL)
    listener.changing.execute(
        "ALTER TABLE device_assignments DROP CONSTRAINT device_assignments_driver_id_fkey, "
        "ADD FOREIGN KEY (driver_id) REFERENCES drivers ON DELETE CASCADE"
    )
    tags = listener.raised_by("DELETE FROM drivers")
    assert tags == {"drivers", "driver:D1", "assignments", "vehicle:V1", "device:1"}


def test_triggers_cannot_be_gone_round(listener: Listener) -> None:
    tags = listener.raised_by("SET LOCAL session_replication_role = replica", A_USER)
    assert tags == {"users", "user:1"}


def test_a_role_with_rights_on_drivers_alone_may_edit(listener: Listener) -> None:
    role = f"only_drivers_{listener.changing.info.backend_pid}"
    listener.changing.execute(f"CREATE ROLE {role}".encode())
    try:
        listener.changing.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON drivers TO {role}".encode())
        as_role = f"SET LOCAL ROLE {role}"
        assert listener.raised_by(as_role, A_DRIVER) == {"drivers", "driver:D1"}
        assert listener.raised_by(as_role, "UPDATE drivers SET city = 'x'") == {"drivers", "driver:D1"}
        assert listener.raised_by(as_role, "DELETE FROM drivers") == {"drivers", "driver:D1"}
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            listener.raised_by(as_role, "SELECT roadlens_raise_tags('{everything}')")
    finally:
        listener.changing.execute(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_somebody_elses_search_path_is_not_followed(listener: Listener) -> None:
    listener.changing.execute("CREATE SCHEMA trap; CREATE TABLE trap.cache_note (tag text, bulk text, xid xid8)")
    assert listener.raised_by("SET LOCAL search_path = trap, public", A_USER) == {"users", "user:1"}


def test_raising_by_hand_has_bounds(listener: Listener) -> None:
    many_tags = "SELECT roadlens_raise_tags(array_agg('prefix:p' || n)) FROM generate_series(1, {}) AS n"
    assert len(listener.raised_by(many_tags.format(100))) == 100
    assert listener.raised_by(many_tags.format(101)) == {"everything"}
    with pytest.raises(psycopg.errors.RaiseException, match="at most 500 bytes"):
        listener.raised_by("SELECT roadlens_raise_tags(array[repeat('x', 501)])")


def test_a_vehicle_renamed_while_it_is_assigned_in_another_transaction(listener: Listener, database_url: str) -> None:
    """Neither transaction sees the other's change; each tells of its own, in the order of commits."""
    listener.raised_by(*ALL)
    with psycopg.connect(database_url) as other:
        other.execute("UPDATE device_assignments SET vehicle_id = 'V2'")
        with listener.changing.transaction():
            listener.changing.execute("UPDATE vehicles SET name = 'new' WHERE vehicle_id = 'V2'")
    renamed, assigned = listener.changes()
    assert {tag for tag, _, _ in renamed.raised} == {"vehicles", "vehicle:V2"}
    assert {tag for tag, _, _ in assigned.raised} == {
        "assignments",
        "driver:D1",
        "vehicle:V1",
        "vehicle:V2",
        "device:1",
    }
    counters = {tag: counter for tag, counter, _ in renamed.raised}
    assert {tag: counter for tag, counter, _ in assigned.raised}["vehicle:V2"] == counters["vehicle:V2"] + 1


def test_counters_are_in_the_order_of_commits(listener: Listener, database_url: str) -> None:
    """Four writers, each with three of six drivers in an order of its own, and nobody deadlocks at the commit."""
    listener.raised_by(many(6))

    def write(number: int) -> None:
        with psycopg.connect(database_url) as connection:
            for turn in range(100):
                mine = (number + turn) % 6 + 1
                connection.execute(
                    "UPDATE drivers SET city = %s WHERE driver_id = %s", (f"{number} {turn}", f"N{mine}")
                )
                connection.execute("SELECT roadlens_raise_tags(%s)", ([f"prefix:{(mine + 3) % 6}", "everything"],))
                connection.commit()

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(write, range(4)))
    changes = listener.changes()
    assert len(changes) == 400
    told = sorted(((tag, place, counter) for place, change in enumerate(changes) for tag, counter, _ in change.raised))
    for tag, versions in groupby(told, key=lambda version: version[0]):
        counters = [counter for _, _, counter in versions]
        assert counters == list(range(counters[0], counters[0] + len(counters))), tag
    assert len({nonce for change in changes for _, _, nonce in change.raised}) > 1000
