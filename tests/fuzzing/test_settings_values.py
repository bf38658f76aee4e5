"""Whatever stands in a variable is a setting, or an error that names the variable and never the value."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadlens.errors import SetupError
from roadlens.settings import read_settings, variables

ODD: Final = [
    "-1",
    "0",
    "1e9",
    "9" * 30,
    "NaN",
    "true",
    " ",
    "\n",
    "[]",
    "{}",
    "\uff11",
    "postgresql://",
    "/",
    "..",
    ",,",
]
words = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))


@pytest.mark.parametrize("variable", variables())
@settings(deadline=None, derandomize=True, max_examples=40)
@given(value=words)
def test_a_variable_is_read_or_named(variable: str, value: str) -> None:
    refused = refusal(variable, value)
    if refused is not None:
        assert refused.startswith(f"{variable} is not acceptable: ")
        assert len(value) < 8 or value not in refused


def refusal(variable: str, value: str) -> str | None:
    """What is said of a value; None if it is taken."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(variable, value)
        try:
            read_settings()
        except SetupError as error:
            return error.detail
    return None
