"""Input as it arrives when something went wrong on the way: good bytes, some of which were changed, cut or doubled."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

_PIECES = st.sampled_from(
    [b"\0", b"\xff", b"\n", b"\r", b'"', b"'", b",", b";", b"<", b">", b"{", b"[", b"&#0;", b"&lol;", b"\xef\xbb\xbf",
     b"\x1f\x8b", b"e999", b"-", b"nan", b"_", b"9" * 20, b"\xe2\x80\xa8", b"\x85", b"\xed\xa0\x80", b" ", b".",
     b"<!DOCTYPE a>", b"null", b"true"]
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, good: Sequence[bytes]) -> bytes:
    """One of the good ones, with up to eight things done to it."""
    data = bytearray(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(0, 8))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.sampled_from(["flip", "put", "cut", "double", "write"]))
        if kind == "flip" and at < len(data):
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "put":
            data[at:at] = draw(_PIECES)
        elif kind == "cut":
            del data[at : at + draw(st.integers(1, 40))]
        elif kind == "double":
            begin = draw(st.integers(0, len(data)))
            data[at:at] = data[begin : begin + draw(st.integers(1, 60))]
        elif kind == "write":
            data[at : at + 4] = draw(st.binary(max_size=6))
    return bytes(data)
