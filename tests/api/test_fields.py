"""What may stand in a field, and what is said to who fills in something else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from roadlens.api import fields

GOOD: list[tuple[Any, object, object]] = [
    (fields.Name, "  Ada ", "Ada"),
    (fields.Name, "José", "Jos\u00e9"),  # composed
    (fields.Name, "\u0646\u06cc\u200c\u0645\u0646", "\u0646\u06cc\u200c\u0645\u0646"),  # written with a joiner
    (fields.Name, "O'Neill-Ørsted 三郎", "O'Neill-Ørsted 三郎"),
    (fields.Email, " Ada@EXAMPLE.com ", "Ada@example.com"),
    (fields.Email, "a.b+c@sub.example.co.uk", "a.b+c@sub.example.co.uk"),
    (fields.Email, "jörg@bücher.example.com", "jörg@bücher.example.com"),
    (fields.Phone, "+1 (555) 010-0199", "+1 (555) 010-0199"),
    (fields.Phone, "030/123456 ext. 12", "030/123456 ext. 12"),
    (fields.LicenceState, "ca", "CA"),
    (fields.LicenceState, "US-CA", "CA"),
    (fields.LicenceState, "CA-ON", "ON"),
    (fields.LicenceState, "QC", "QC"),
    (fields.LicenceState, "de-by", "DE-BY"),
    (fields.LicenceNumber, "s530-1234", "S530-1234"),
    (fields.ZipCode, " 94607-1234 ", "94607-1234"),
    (fields.ZipCode, "K1A 0B1", "K1A 0B1"),
    (fields.YearsLicensed, 0, 0),
    # 49 CFR 565 and the makers' own documents: the check digits are X, 1 and 3.
    (fields.Vin, "1M8GDM9AXKP042788", "1M8GDM9AXKP042788"),
    (fields.Vin, "11111111111111111", "11111111111111111"),
    (fields.Vin, "5gzcz43d13s812715", "5GZCZ43D13S812715"),
    (fields.Vin, "WVWZZZ1JZXW000001", "WVWZZZ1JZXW000001"),  # European: no check digit
    (fields.ModelYear, 1900, 1900),
    (fields.ModelYear, datetime.now(UTC).year + 1, datetime.now(UTC).year + 1),
    (fields.ChosenId, "DRV-7.b_c", "DRV-7.b_c"),
    (fields.DateOfBirth, "1900-01-01", date(1900, 1, 1)),
]

BAD: list[tuple[Any, object, str]] = [
    (fields.Name, "   ", "Is empty"),
    (fields.DateOfBirth, 0, "Is not a day"),
    (fields.DateOfBirth, "0", "Is not a day"),
    (fields.DateOfBirth, "1988-02-29T00:00:00Z", "Is not a day"),
    (fields.Name, "a\0b", "U\\+0000"),
    (fields.Name, "a\nb", "U\\+000A"),
    (fields.Name, "a\u202eb", "U\\+202E"),
    (fields.Name, "x" * 101, "100"),
    (fields.Name, "\ud800", "string"),
    (fields.Name, 7, "string"),
    (fields.Email, "ada", "Is not an e-mail address"),
    (fields.Email, "ada@", "Is not an e-mail address"),
    (fields.Email, "ada@example", "Is not an e-mail address"),
    (fields.Email, "Ada <ada@example.com>", "Is not an e-mail address"),
    (fields.Email, "a" * 65 + "@example.com", "Is not an e-mail address"),
    (fields.Phone, "call me", "Is not a telephone number"),
    (fields.Phone, "112", "Is not a telephone number"),
    (fields.Phone, "1" * 22, "Is not a telephone number"),
    (fields.LicenceState, "ZZ", "Is not a state"),
    (fields.LicenceState, "California", "Is not a state"),
    (fields.LicenceState, "US-ZZ", "US has no state or province ZZ"),
    (fields.LicenceNumber, "S530;DROP", "Is not a licence number"),
    (fields.ZipCode, "9", "Is not a postal code"),
    (fields.YearsLicensed, -1, "greater than or equal to 0"),
    (fields.YearsLicensed, 91, "less than or equal to 90"),
    (fields.YearsLicensed, True, "integer"),
    (fields.YearsLicensed, 5.5, "integer"),
    (fields.Vin, "1M8GDM9A1KP042788", "Has 1 in the ninth place, where the check digit of the other signs is X"),
    (fields.Vin, "1M8GDM9AXKP04278", "17 letters and digits"),
    (fields.Vin, "1M8GDM9AXKP04278O", "never I, O or Q"),
    (fields.ModelYear, 1899, "Is not a year between"),
    (fields.ModelYear, datetime.now(UTC).year + 4, "Is not a year between"),
    (fields.ModelYear, 10**30, "Is not a year between|integer"),
    (fields.ChosenId, "../etc", "pattern"),
    (fields.ChosenId, "a/b", "pattern"),
    (fields.DateOfBirth, "1899-12-31", "Is before 1900-01-01"),
    (fields.DateOfBirth, "2999-01-01", "Is in the future"),
    (fields.DateOfBirth, "1988-02-30", "date"),
]


@pytest.mark.parametrize(("kind", "said", "kept"), GOOD)
def test_what_may_stand(kind: Any, said: object, kept: object) -> None:
    assert TypeAdapter(kind).validate_python(said) == kept


@pytest.mark.parametrize(("kind", "said", "told"), BAD)
def test_what_may_not(kind: Any, said: object, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        TypeAdapter(kind).validate_python(said)


def test_how_old_somebody_is() -> None:
    leap = date(1988, 2, 29)
    assert fields.age(leap, date(2002, 2, 28)) == 13
    assert fields.age(leap, date(2002, 3, 1)) == 14
    assert fields.age(leap, date(2004, 2, 29)) == 16
    too_young = datetime.now(UTC).date().replace(day=1).replace(year=datetime.now(UTC).year - 13)
    with pytest.raises(ValidationError, match="nobody drives before 14"):
        TypeAdapter(fields.DateOfBirth).validate_python(too_young)


@given(st.text(alphabet="0123456789ABCDEFGHJKLMNPRSTUVWXYZ", min_size=17, max_size=17), st.integers(0, 16))
def test_one_wrong_sign_never_fits_the_check_digit_by_its_own_place(text: str, place: int) -> None:
    """The digit that belongs to the other sixteen signs is the only one that fits in the ninth place."""
    right = text[:8] + fields.check_digit(text) + text[9:]
    assert fields.check_digit(right) == right[8]
    others = [right[:8] + sign + right[9:] for sign in "0123456789X" if sign != right[8]]
    assert all(fields.check_digit(other) != other[8] for other in others)
    assert place < len(text)


def test_a_field_s_text_never_holds_what_postgresql_cannot() -> None:
    adapter: TypeAdapter[str] = TypeAdapter(Annotated[str, fields._ONE_LINE])

    @given(st.text())
    def holds(text: str) -> None:
        try:
            kept = adapter.validate_python(text)
        except ValidationError:
            return
        assert "\0" not in kept
        kept.encode()

    holds()
