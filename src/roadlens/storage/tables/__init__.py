"""The tables as SQLAlchemy sees them. The migrations make them; a test holds the two equal."""

from roadlens.storage.tables.change_feed import cache_note, cache_tag, cache_worker
from roadlens.storage.tables.devices import device_assignments, device_progress, devices
from roadlens.storage.tables.drivers import drivers
from roadlens.storage.tables.events import event_reviews, safety_events
from roadlens.storage.tables.ingest_tokens import ingest_tokens
from roadlens.storage.tables.installation import audit_log, audit_seals, installation
from roadlens.storage.tables.metadata import metadata
from roadlens.storage.tables.positions import positions
from roadlens.storage.tables.read_models import (
    SHARDS,
    driver_day,
    driver_summary,
    fleet_totals,
    risk_histogram,
    trip_day,
)
from roadlens.storage.tables.rescored import (
    rescored_chunks,
    rescored_devices,
    rescored_events,
    rescored_risk,
    rescored_trips,
    score_rebuilds,
)
from roadlens.storage.tables.schema_support import schema_support
from roadlens.storage.tables.scores import risk_scores, score_versions
from roadlens.storage.tables.sign_ins import login_attempts, sign_in_addresses
from roadlens.storage.tables.trips import trips
from roadlens.storage.tables.users import users
from roadlens.storage.tables.vehicles import vehicles

__all__ = [
    "SHARDS",
    "audit_log",
    "audit_seals",
    "cache_note",
    "cache_tag",
    "cache_worker",
    "device_assignments",
    "device_progress",
    "devices",
    "driver_day",
    "driver_summary",
    "drivers",
    "event_reviews",
    "fleet_totals",
    "ingest_tokens",
    "installation",
    "login_attempts",
    "metadata",
    "positions",
    "rescored_chunks",
    "rescored_devices",
    "rescored_events",
    "rescored_risk",
    "rescored_trips",
    "risk_histogram",
    "risk_scores",
    "safety_events",
    "schema_support",
    "score_rebuilds",
    "score_versions",
    "sign_in_addresses",
    "trip_day",
    "trips",
    "users",
    "vehicles",
]
