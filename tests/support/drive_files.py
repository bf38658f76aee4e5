"""Writes Traccar's forwards anew in the other formats, so that what becomes of them can be compared."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

KNOT_MS = 1852 / 3600
PAUSE = timedelta(minutes=5)


def forwards(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path) as lines:
        return [json.loads(line) for line in lines]


def row(forward: Mapping[str, Any]) -> dict[str, Any]:
    """A forward as a row of the documented table, in knots."""
    position, attributes = forward["position"], forward["position"]["attributes"]
    return {
        "device": forward["device"]["uniqueId"],
        "time": position["fixTime"],
        "latitude": position["latitude"],
        "longitude": position["longitude"],
        "speed_kn": position["speed"],
        "course": position["course"],
        "hdop": attributes.get("hdop", ""),
        "ignition": attributes.get("ignition", ""),
        "alarm": attributes.get("alarm", ""),
    }


def write_table(path: Path, rows: Sequence[Mapping[str, Any]], **dialect: Any) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), **dialect)
        writer.writeheader()
        writer.writerows(rows)


def write_track(path: Path, given: Sequence[Mapping[str, Any]], *, speeds: bool) -> None:
    """One track with a segment for each drive; gzip."""
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write('<?xml version="1.0"?>\n<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"')
        file.write(' xmlns:t="http://www.garmin.com/xmlschemas/TrackPointExtension/v2"><trk>\n')
        for segment in _segments([forward["position"] for forward in given]):
            file.write("<trkseg>\n")
            file.writelines(_point(position, speeds) for position in segment)
            file.write("</trkseg>\n")
        file.write("</trk></gpx>\n")


def _segments(positions: Sequence[dict[str, Any]]) -> Iterator[Iterable[dict[str, Any]]]:
    times = [datetime.fromisoformat(position["fixTime"]) for position in positions]
    ends = [index for index, (one, other) in enumerate(pairwise(times), 1) if abs(other - one) > PAUSE]
    for start, end in pairwise([0, *ends, len(positions)]):
        yield positions[start:end]


def _point(position: Mapping[str, Any], speeds: bool) -> str:
    extension = (
        f"<extensions><t:TrackPointExtension><t:speed>{position['speed'] * KNOT_MS!r}</t:speed>"
        f"<t:course>{position['course']}</t:course></t:TrackPointExtension></extensions>"
    )
    return (
        f'<trkpt lat="{position["latitude"]}" lon="{position["longitude"]}"><time>{position["fixTime"]}</time>'
        f"<hdop>{position['attributes']['hdop']}</hdop>{extension if speeds else ''}</trkpt>\n"
    )
