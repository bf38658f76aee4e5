"""Values that stand in addresses and bodies: ids, cursors, times, numbers and words, good ones, bad ones and odd ones.

What exists is not known when a value is drawn. Such a value is a note (`§driver/3`) that becomes an id when it is sent:
so the same seed draws the same requests, whatever they have done.
"""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

MARK: Final = "§"

Texts = st.SearchStrategy[str]


def existing(kind: str) -> Texts:
    """A note for the id of something that exists."""
    return st.integers(0, 39).map(lambda index: f"{MARK}{kind}/{index}")


def fresh(template: str) -> Texts:
    """A note for a text that nothing else is called by; the template says where its number stands."""
    return st.just(f"{MARK}fresh/{template}")


ODD: Final[Texts] = st.sampled_from(
    [
        "", " ", "\0", "a\0b", "\n", "%", "_", "%_%", "\\", "\\%", "%5C", "%00", "%FF", "%ud800", "'", '"', "';--",
        "..", ".", "../admin", "/", "//", "a/b", "?", "#", "&", "=", "+", "*", "[", "{", "}", "$", "null", "None",
        "NaN", "Infinity", "-0", "true", "0x10", "1e3",
        "\uff11\uff12\uff13", "\u0663", "\u00a0", "\u202f", "\u200b", "\ufeff", "\u202e",
        "\u2066x\u2069", "\u2028",
        "שלום", "مرحبا", "ß", "\u0130", "\u0131", "\ufb00", "é", "e\u0301", "😀", "\U0001f469\u200d\U0001f467",
        "\U0010ffff", "a" * 99, "a" * 100, "a" * 101, "a" * 200, "a" * 201, "é" * 200, "😀" * 100, "% " * 100,
        "\\" * 199, "a" * 2001,
    ]
)  # fmt: skip
WORDS: Final[Texts] = st.one_of(
    ODD,
    st.text(max_size=30),
    st.text(alphabet="%_\\'\"() *aDRV-0\u00a0", max_size=12),
    st.sampled_from(
        ["Ada", "ada okafor", "DRV-00", "di_%", "O'Neill", "@example", "van", "first1 last1", "ada@example.com"]
    ),
)

DRIVERS: Final[Texts] = st.one_of(existing("driver"), st.sampled_from(["DRV-0001", "DRV-9999", "drv-0001"]), WORDS)
VEHICLES: Final[Texts] = st.one_of(existing("vehicle"), st.sampled_from(["VEH-0001", "VEH-9999"]), WORDS)
DEVICES: Final[Texts] = st.one_of(
    existing("device"), st.sampled_from(["device-1", "device-1/assignments", "no/such/device", "assignments"]), WORDS
)
UUIDS: Final[Texts] = st.one_of(
    st.uuids().map(str),
    st.sampled_from(
        ["0" * 32, "00000000-0000-0000-0000-000000000000", "f" * 32, "{" + "0" * 32 + "}", "urn:uuid:" + "1" * 32]
    ),
)
TRIPS: Final[Texts] = st.one_of(existing("trip"), UUIDS, WORDS)
EVENTS: Final[Texts] = st.one_of(existing("event"), UUIDS, WORDS)

WHOLE: Final[Texts] = st.one_of(
    st.integers(-3, 1003).map(str),
    st.sampled_from(
        [
            "-1", "0", "1", "100", "1000", "1001", "2147483647", "2147483648", "-2147483649", "9223372036854775807",
            "9223372036854775808", "1" * 19, "9" * 400, "1.0", "1.5", "1e2", "+1", " 1", "1 ", "01", "0x1", "1_000",
            "\u0663", "", "one", "NaN", "-0", "true",
        ]
    ),
)  # fmt: skip
USERS: Final[Texts] = st.one_of(existing("user"), WHOLE)
ASSIGNMENTS: Final[Texts] = st.one_of(existing("assignment"), WHOLE)

# A note each: the page's own cursor, that of another list, of this list in another order, and a changed one.
CURSORS: Final[Texts] = st.one_of(
    st.sampled_from(["own", "own", "foreign", "sorted", "tampered", "doubled"]).map(
        lambda kind: f"{MARK}cursor/{kind}"
    ),
    WORDS,
    st.text(alphabet="ABCDEFGHabcdefgh0123456789-_=", max_size=90),
    st.just("A" * 2000),
)

MOMENTS: Final[Texts] = st.one_of(
    st.datetimes(timezones=st.just(None) | st.timezones()).map(lambda moment: moment.isoformat()),
    st.sampled_from(
        [
            "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999Z",
            "9999-12-31T23:59:59-12:00", "10000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "2016-12-31T23:59:60Z", "2026-02-29T00:00:00Z",
            "2024-02-29T00:00:00Z", "2026-03-29T02:30:00", "2026-03-01", "2026-03-01T08:00", "2026-W10-1",
            "2026-03-01T24:00:00Z", "2026-03-01T08:00:00+24:00", "2026-03-01T08:00:00+23:59", "2026-03-01 08:00:00Z",
            "2026-03-01T08:00:00.1234567891Z", "1700000000", "1700000000000", "-1", "1e18", "99999999999999999999",
            "now", "yesterday", "2026-03-01T08:00:00 02:00", "294277-01-09T04:00:54Z", "10889-08-02T05:31:50Z",
        ]
    ),
    WORDS,
)  # fmt: skip
DAYS: Final[Texts] = st.one_of(
    st.dates().map(lambda day: day.isoformat()),
    st.sampled_from(["1899-12-31", "1900-01-01", "2000-02-29", "2001-02-29", "2026-11-31", "0001-01-01", "9999-12-31"]),
)
SWITCHES: Final[Texts] = st.one_of(st.sampled_from(["true", "false", "1", "0", "on", "off", "yes", "TRUE", "2"]), ODD)
PATTERNS: Final[Texts] = st.one_of(
    st.sampled_from(
        ["*", "*drivers_list*", "?", "[a-z]*", "[", "[!", "[]", "[^]]", "*" * 500, "\\", "**?**[", "a" * 501]
    ),
    WORDS,
)
