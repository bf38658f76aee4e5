"""What a setting may look like beyond its type; each error says what is expected."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("it must be the name of a time zone, such as Europe/Berlin or UTC") from error
    return name


def absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def listed(text: object) -> object:
    return tuple(part.strip() for part in text.split(",")) if isinstance(text, str) else text


def networks(names: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(name)) for name in names)
    except ValueError as error:
        raise ValueError("it must list addresses or networks, such as 10.0.0.5 or 10.1.0.0/16, with commas") from error


_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")


def origins(names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_ORIGIN.fullmatch(name) for name in names):
        raise ValueError("it must list origins as browsers send them, such as https://fleet.example, with commas")
    return names


# The host stands in the Content-Security-Policy, where a semicolon or a space would begin something else.
_TILES = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[^\s\"'<>;,]*")


def tiles(url: str) -> str:
    if not _TILES.fullmatch(url) or any(place not in url for place in ("{z}", "{x}", "{y}")):
        raise ValueError("it must be an address with {z}, {x} and {y}, such as https://tiles.example/{z}/{x}/{y}.png")
    return url
