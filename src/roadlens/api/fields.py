"""What may stand in the fields that administrators fill in: each rule in the words of its field. Knows no request."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

YOUNGEST_DRIVER: Final = 14  # learner's permits begin at 14 (Iowa, Alberta and others)
OLDEST_BIRTH: Final = date(1900, 1, 1)

# USPS Publication 28, appendix B: states, the District of Columbia, territories; Canada Post's province codes.
_STATES: Final = frozenset(
    re.findall(
        r"\w\w",
        "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK "
        "OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI UM",
    )
)
_PROVINCES: Final = frozenset(re.findall(r"\w\w", "AB BC MB NB NL NS NT NU ON PE QC SK YT"))
_SUBDIVISION: Final = re.compile(r"([A-Z]{2})-([A-Z0-9]{1,3})")  # ISO 3166-2

_PHONE: Final = re.compile(r"\+?[0-9 ()./-]+(?:(?:x|ext\.?) ?[0-9]{1,6})?", re.IGNORECASE)
_LICENCE: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9 */.-]*[A-Z0-9*])?")
_ZIP: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{1,9}")

_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")

_VIN: Final = re.compile(r"[A-HJ-NPR-Z0-9]{17}")  # ISO 3779: without I, O and Q
# 49 CFR 565.15(c), tables III and IV: the value of each sign, the weight of each place; the ninth is the check digit.
_VIN_VALUES: Final = dict(
    zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "012345678912345678123457923456789"), strict=True)
)
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_NORTH_AMERICAN: Final = "12345"


# The signs that change the direction of writing: with them a name can look like another one.
_TURNING: Final = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def refusal(sentence: str) -> PydanticCustomError:
    """A validator's error whose message is this sentence."""
    return PydanticCustomError("refused", "{sentence}", {"sentence": sentence})


def one_line(text: str) -> str:
    """Text in composed form, without anything that cannot be seen or turns the line's direction.

    Joiners stay: Persian and Indian names are written with them.
    """
    text = unicodedata.normalize("NFC", text)
    for sign in text:
        if unicodedata.category(sign) in ("Cc", "Cs", "Co", "Zl", "Zp") or sign in _TURNING:
            raise refusal(f"Contains the control character U+{ord(sign):04X}. Write it on one line, as it is printed.")
    return text


def email(text: str) -> str:
    """An address in its usual form, the domain in lower case; nothing is asked of DNS."""
    try:
        return validate_email(text, check_deliverability=False, strict=True).normalized
    except EmailNotValidError as error:
        raise refusal(f"Is not an e-mail address: {error}") from error


def phone(text: str) -> str:
    """A number as people write it. E.164 allows 15 digits; fewer than 5 reach nobody from outside."""
    if not _PHONE.fullmatch(text) or not 5 <= sum(sign.isdigit() for sign in text) <= 15 + 6:
        raise refusal("Is not a telephone number. Write digits, spaces and + ( ) - . /, such as +1 555 0100.")
    return text


def licence_number(text: str) -> str:
    """In capitals, so that the same licence is the same text."""
    if not _LICENCE.fullmatch(text.upper()):
        raise refusal("Is not a licence number. Write the letters A-Z, digits, spaces, dashes and * as on the licence.")
    return text.upper()


def licence_state(text: str) -> str:
    """`CA`, `ON`, `DE-BY`; `US-CA` and `CA-ON` are the former two."""
    text = text.upper()
    if text in _STATES or text in _PROVINCES:
        return text
    parts = _SUBDIVISION.fullmatch(text)
    if parts is None:
        raise refusal(
            "Is not a state. Write the two letters of a US state or Canadian province (CA, ON), or the ISO 3166-2 code "
            "of another country's subdivision (DE-BY)."
        )
    country, subdivision = parts.groups()
    if country not in ("US", "CA"):
        return text
    known = _STATES if country == "US" else _PROVINCES
    if subdivision not in known:
        raise refusal(f"{country} has no state or province {subdivision}.")
    return subdivision


def zip_code(text: str) -> str:
    if not _ZIP.fullmatch(text):
        raise refusal(
            "Is not a postal code. Write 2 to 10 letters, digits, spaces and dashes, such as 94607 or K1A 0B1."
        )
    return text


def written_day(day: Any) -> Any:
    """A number, which would count seconds since 1970, is nobody's birthday."""
    if not isinstance(day, date) and not (isinstance(day, str) and _DAY.fullmatch(day)):
        raise refusal("Is not a day. Write it as 1988-02-29.")
    return day


def date_of_birth(day: date) -> date:
    if day < OLDEST_BIRTH:
        raise refusal(f"Is before {OLDEST_BIRTH.isoformat()}.")
    today = datetime.now(UTC).date()
    if day > today:
        raise refusal("Is in the future.")
    if age(day, today) < YOUNGEST_DRIVER:
        raise refusal(f"Makes the driver {age(day, today)}; nobody drives before {YOUNGEST_DRIVER}.")
    return day


def age(born: date, today: date) -> int:
    """Full years. Who was born on 29 February has a birthday on 1 March in common years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def vin(text: str) -> str:
    """A vehicle identification number in capitals; a North American one must have the right check digit."""
    text = text.upper()
    if not _VIN.fullmatch(text):
        raise refusal("Is not a VIN. A VIN has 17 letters and digits, and never I, O or Q.")
    if text[0] in _NORTH_AMERICAN and text[8] != (right := check_digit(text)):
        raise refusal(
            f"Has {text[8]} in the ninth place, where the check digit of the other signs is {right}: one of them is "
            "mistyped. VINs that begin with 1 to 5 are North American and have one."
        )
    return text


def check_digit(text: str) -> str:
    """What the ninth place of a North American VIN must be. The sign that stands there weighs nothing."""
    remainder = sum(_VIN_VALUES[sign] * weight for sign, weight in zip(text, _VIN_WEIGHTS, strict=True)) % 11
    return "X" if remainder == 10 else str(remainder)


def model_year(year: int) -> int:
    newest = datetime.now(UTC).year + 2
    if not 1900 <= year <= newest:
        raise refusal(f"Is not a year between 1900 and {newest}.")
    return year


def _not_blank(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise refusal("Is empty. Send null for no value, or leave it out.")
    return value


_NOT_BLANK: Final = BeforeValidator(_not_blank)
_ONE_LINE: Final = AfterValidator(one_line)


def _trimmed(longest: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, max_length=longest)


Name = Annotated[str, _trimmed(100), _NOT_BLANK, _ONE_LINE]
Remark = Annotated[str, _trimmed(500), _NOT_BLANK, _ONE_LINE]
Line = Annotated[str, _trimmed(200), _NOT_BLANK, _ONE_LINE]
Email = Annotated[str, _trimmed(254), _NOT_BLANK, _ONE_LINE, AfterValidator(email)]  # RFC 5321: a path has 256 signs
Phone = Annotated[str, _trimmed(40), _NOT_BLANK, _ONE_LINE, AfterValidator(phone)]
DateOfBirth = Annotated[date, BeforeValidator(written_day), AfterValidator(date_of_birth)]
LicenceNumber = Annotated[str, _trimmed(30), _NOT_BLANK, _ONE_LINE, AfterValidator(licence_number)]
LicenceState = Annotated[
    str,
    _trimmed(10),
    _NOT_BLANK,
    AfterValidator(licence_state),
    Field(description="US state or Canadian province (`CA`, `ON`), or ISO 3166-2 code elsewhere (`DE-BY`)."),
]
YearsLicensed = Annotated[int, Field(strict=True, ge=0, le=90)]
ZipCode = Annotated[str, _trimmed(10), _NOT_BLANK, AfterValidator(zip_code)]
Vin = Annotated[
    str,
    _trimmed(17),
    _NOT_BLANK,
    AfterValidator(vin),
    Field(description="17 signs; the check digit is verified where the VIN is North American."),
]
Plate = Annotated[str, _trimmed(20), _NOT_BLANK, _ONE_LINE]
ModelYear = Annotated[int, Field(strict=True), AfterValidator(model_year)]

# An id that somebody chooses: it stands in addresses as it is.
ChosenId = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$")]
