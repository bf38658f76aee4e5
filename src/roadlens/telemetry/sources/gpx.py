"""GPX 1.1 and 1.0: the points of recorded tracks. Knows elements and namespaces; refuses what XML can do beyond them.

The parser is the standard library's expat. It loads nothing from outside, and a document type declaration, without
which no entity can be declared, ends the reading (docs/decisions/0010-file-formats.md).
"""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path
from xml.parsers import expat

from roadlens.storage.writes.devices import DeviceClaim
from roadlens.telemetry.batch import Complaint, Reason, Rejected
from roadlens.telemetry.sources import values
from roadlens.telemetry.sources.files import LONGEST_LINE, InputFile, Unreadable
from roadlens.telemetry.sources.segment import Point, Segment
from roadlens.telemetry.sources.source import Description, Reading, Records
from roadlens.telemetry.track import KMH_PER_MS

_GPX = re.compile(r"(https?://www\.topografix\.com/GPX/1/[01]/?)?")
# Whose extensions say speed in m/s and course in degrees; elsewhere the unit is anybody's guess.
_EXTENSIONS = re.compile(
    r"https?://www\.garmin\.com/xmlschemas/TrackPointExtension/v[12]|https?://osmand\.net\b.*|" + _GPX.pattern
)
_TRACK, _SEGMENT, _POINT = ("gpx", "trk"), ("gpx", "trk", "trkseg"), ("gpx", "trk", "trkseg", "trkpt")
_NAMES = {("gpx", "trk", "name"): "track", ("gpx", "metadata", "name"): "file", ("gpx", "name"): "file"}
_OF_A_POINT = {"time", "hdop", "speed", "course", "fix"}
_OF_ITS_EXTENSIONS = {"speed", "course"}

# Bounds of what the parser itself must remember of a file.
_DEEPEST = 64
_MOST_NAMES = 10_000
_LONGEST_TEXT = 1000


_NATIVE = {"UTF-8", "UTF-16", "UTF-16BE", "UTF-16LE", "ISO-8859-1", "US-ASCII"}


class _Refused(Exception):
    """What the file has and no GPX needs."""


def records(file: InputFile, description: Description) -> Records:
    """Read the points of a file's tracks; see `Source`."""
    tracks = _Tracks(file.path, description.device)
    parser, fed = tracks.parser, 0
    try:
        for chunk in file.chunks():
            fed += len(chunk)
            parser.Parse(chunk, False)
            file.number = parser.CurrentLineNumber
            yield from tracks.taken()
            if fed - parser.CurrentByteIndex > LONGEST_LINE:
                raise _Refused(f"one tag or text is longer than {LONGEST_LINE:,} bytes")
            if len(tracks.names) > _MOST_NAMES:
                raise _Refused(f"more than {_MOST_NAMES:,} names of elements and attributes")
        parser.Parse(b"", True)
        if not tracks.points:
            raise _Refused("no track points (trk, trkseg, trkpt). Routes and waypoints are places, not drives")
    except expat.ExpatError as error:
        yield from tracks.taken()
        raise Unreadable(
            f"{file.path}:{error.lineno}: the XML is broken here ({expat.ErrorString(error.code)}). What came before "
            "this line was read."
        ) from error
    except _Refused as error:
        yield from tracks.taken()
        raise Unreadable(f"{file.path}:{parser.CurrentLineNumber}: {error}.") from error
    yield from tracks.taken()


class _Tracks:
    """Follows the elements of a file and collects what its points say."""

    def __init__(self, path: Path, device: str | None) -> None:
        self.names: dict[str, str] = {}
        self.parser = expat.ParserCreate(namespace_separator=" ", intern=self.names)
        self.parser.buffer_text = True
        self.parser.XmlDeclHandler = _check_encoding
        self.parser.StartDoctypeDeclHandler = _refuse_declarations
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.points = 0
        self._device = device
        self._named = {"path": path.name.removesuffix(".gz").removesuffix(".gpx")}
        self._claim: DeviceClaim | None = None
        self._path: tuple[str, ...] = ()
        self._line = 0
        self._values: dict[str, str] = {}
        self._wanted: str | None = None
        self._text = ""
        self._segment = Segment()
        self._ready: list[Reading | Complaint] = []

    def taken(self) -> list[Reading | Complaint]:
        """What has been read since the last call."""
        ready, self._ready = self._ready, []
        return ready

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        is_gpx = bool(_GPX.fullmatch(namespace))
        if not self._path and not (is_gpx and local == "gpx"):
            where = f" of the namespace {namespace[:100]}" if namespace else ""
            raise _Refused(f"not GPX: the first element is <{local[:40]}>{where}. Expected <gpx> of GPX 1.1 or 1.0")
        if len(self._path) == _DEEPEST:
            raise _Refused(f"elements are nested more than {_DEEPEST} deep")
        self._path += (local if is_gpx else name,)
        self._wanted, self._text = self._what(namespace, local), ""
        if self._path == _TRACK:
            self._named.pop("track", None)
        elif self._path == _SEGMENT:
            self._claim = None
        elif self._path == _POINT:
            self._line = self.parser.CurrentLineNumber
            self._values = {key: value for key, value in attributes.items() if key in ("lat", "lon")}

    def _what(self, namespace: str, local: str) -> str | None:
        """Under which key the text of the element that just began is kept, if at all."""
        if self._path in _NAMES:
            return _NAMES[self._path]
        if self._path[:4] != _POINT or len(self._path) == 4:
            return None
        if len(self._path) == 5:
            return self._path[4] if self._path[4] in _OF_A_POINT else None
        if self._path[4] == "extensions" and local in _OF_ITS_EXTENSIONS and _EXTENSIONS.fullmatch(namespace):
            return local
        return None

    def _characters(self, text: str) -> None:
        if self._wanted is not None and len(self._text) < _LONGEST_TEXT:
            self._text += text

    def _end(self, _name: str) -> None:
        if self._wanted in ("track", "file"):
            self._named[self._wanted] = self._text
        elif self._wanted is not None:
            self._values.setdefault(self._wanted, self._text.strip())
        elif self._path == _POINT:
            self._finish_point()
        elif self._path == _SEGMENT:
            self._ready += self._segment.end()
        self._wanted = None
        self._path = self._path[:-1]

    def _finish_point(self) -> None:
        self.points += 1
        try:
            self._ready += self._segment.add(self._point())
        except Rejected as error:
            self._ready.append(Complaint(self._line, error.reason, error.detail))

    def _point(self) -> Point:
        said = self._values
        if said.get("fix") == "none":
            raise Rejected(Reason.NOT_VALID, "the receiver had no fix (<fix>none</fix>)")
        if not said.get("time"):
            raise Rejected(Reason.WRONG_TYPE, "no <time>: a track that was driven has one at each point")
        speed = values.number("speed", said["speed"]) * KMH_PER_MS if said.get("speed") else None
        return Point(
            self._line,
            self._claimed(),
            values.moment("time", said["time"], UTC),
            values.number("lat", said.get("lat", "")),
            values.number("lon", said.get("lon", "")),
            speed,
            values.optional_number("course", said.get("course", "")) % 360,
            values.optional_number("hdop", said.get("hdop", "")),
        )

    def _claimed(self) -> DeviceClaim:
        """The device: as the command line names it, else as the track, the file's metadata or the file are named."""
        if self._claim is None:
            named = (" ".join(self._named.get(what, "").split()) for what in ("track", "file", "path"))
            unique_id = self._device or next(filter(None, named), "")[: values.LONGEST_DEVICE]
            self._claim = values.claim("the device", unique_id)
        return self._claim


def _check_encoding(_version: str, encoding: str | None, _standalone: int) -> None:
    """Expat knows some encodings itself, and Python tells it others if each byte is a character."""
    if encoding is None or encoding.upper() in _NATIVE:
        return
    try:
        one_byte = len(bytes(range(256)).decode(encoding, "replace")) == 256
    except (LookupError, ValueError):
        one_byte = False
    if not one_byte:
        raise _Refused(f"unknown encoding {encoding[:40]!r}: save it in UTF-8")


def _refuse_declarations(*_: object) -> None:
    raise _Refused("a document type declaration: GPX has none, and what it can declare fills memories and opens files")
