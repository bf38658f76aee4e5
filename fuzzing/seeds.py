"""What parsers are given to begin with: good input of every kind, and in `corpus/` what once broke a promise."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, Final

from roadlens.cache.entry import Entry

CORPUS: Final = Path(__file__).parent / "corpus"

_POSITION: Final[dict[str, Any]] = {
    "fixTime": "2026-03-02T08:00:00.000+00:00",
    "latitude": 41.25786972,
    "longitude": -95.98425293,
    "speed": 26.47407,
    "course": 270.88,
    "valid": True,
    "attributes": {"ignition": True, "hdop": 0.9, "alarm": "hardBraking,overspeed", "speedLimit": 30},
}
_FORWARD: Final = {"position": _POSITION, "device": {"uniqueId": "car-1", "name": "Car 1"}}
_EVENT: Final = {"event": {"type": "alarm", "attributes": {"alarm": "hardBraking"}}, **_FORWARD}
_COORDS: Final = {"latitude": 41.25, "longitude": -95.98, "speed": -1, "heading": 270.9, "accuracy": 5}
_REPORT: Final = {
    "location": {"timestamp": "2026-03-02T08:00:00Z", "coords": _COORDS, "extras": {"alarm": "sos"}},
    "device_id": "48241179",
}
_LINE: Final = json.dumps(_FORWARD).encode()
_TABLE: Final = b"""device,time,latitude,longitude,speed_kmh,course,ignition,alarm,valid
car-1,2026-03-02T08:00:00Z,41.25,-95.98,33.5,270.5,true,hardBraking,1
"car-2",2026-03-02T08:00:01Z,41.5,-95.75,33.5,,,,
"""
_FOREIGN: Final = b"time;latitude;longitude;speed_kmh;hdop\n2026-03-02T08:00:00;41,25;-95,98;33,5;0,9\n"
_POINTS: Final = b"""<trkpt lat="41.25" lon="-95.98"><time>2026-03-02T08:00:00Z</time><hdop>0.9</hdop></trkpt>
<trkpt lat="41.26" lon="-95.98"><time>2026-03-02T08:00:09Z</time><speed>12.5</speed></trkpt>
</trkseg></trk></gpx>"""
_TRACK: Final = (
    b'<?xml version="1.0"?>\n<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><name>car</name><trkseg>\n'
    + _POINTS
)
_MAPPING: Final = b"""delimiter = ";"
encoding = "latin-1"
decimal = ","
timezone = "Europe/Berlin"
time_format = "%d.%m.%Y %H:%M:%S"
[columns]
device = "device"
time = ["day", "time"]
[constants]
valid = true
[alarms]
brake = "hardBraking"
"""

GOOD: Final[dict[str, list[bytes]]] = {
    "file": [_LINE + b"\n" + _LINE, _TABLE, _TRACK, gzip.compress(_LINE + b"\n", mtime=0)],
    "table": [_TABLE, _FOREIGN],
    "track": [_TRACK, _POINTS],
    "one_forward": [_LINE, json.dumps(_EVENT).encode()],
    "one_report": [json.dumps(_REPORT).encode()],
    "many_forwards": [_LINE + b"\n\n" + _LINE, json.dumps([_FORWARD, _FORWARD]).encode()],
    "packed_body": [gzip.compress(b"x" * 5000, mtime=0), gzip.compress(_LINE, mtime=0) * 2],
    "mapping": [_MAPPING],
    "cursor": [b"AAAA", b"A" * 22 + b"WyI0MC4wMCIsIkRSVi0wMDAxIl0"],
    "entry": [Entry(200, ((b"content-type", b"text/plain"),), b"body", b'"tag"', 1.5).to_bytes()],
    "notification": [b'{"xid": "7", "tags": [["driver:1", 41, "9f3c"]]}', b"0" * 32 + b" 1 2 3"],
}


def seeds(target: str) -> list[bytes]:
    """Good input of a target, and what was found."""
    return GOOD[target] + [path.read_bytes() for path in found(target)]


def found(target: str) -> list[Path]:
    return sorted((CORPUS / target).glob("*"))
