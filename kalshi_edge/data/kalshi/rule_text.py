"""What a market's rules say in words, held against what its fields say in figures.

The words are the contract. A market whose words cannot be read, or say something else than its
fields, is not traded.
"""

import re
from dataclasses import dataclass
from datetime import date

from kalshi_edge.domain.market import Bin, Terms
from kalshi_edge.domain.orders import derived_id
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import ContractError

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
"""As event tickers spell them; a name of locale would not do."""

NEIGHBOURS = ("O'Hare", "LaGuardia", "JFK", "Kennedy", "Love", "Mabry", "Intercontinental", "Bush")
"""Stations in our cities that settle nothing of ours."""

_EXTREME = re.compile(r"\b(highest|maximum|lowest|minimum)\s+temperature", re.IGNORECASE)
_PLACE = re.compile(r"\brecorded\s+(?:at|in)\s+(.+?)\s+for\s", re.IGNORECASE)
_REPORT = re.compile(r"\bCLI[A-Z]{3}\b")
_DAY = re.compile(r"\b([A-Z][a-z]{2})[a-z]*\.?\s+(\d{1,2}),\s+(\d{4})\b")
_SOURCE = re.compile(r"\b(?:as reported by|according to)\s+(?:the\s+)?(.+?),?\s+(?:is|then)\b")
_STRIKE = re.compile(
    r"""\b(?P<words> (?: less | greater ) \s than (?: \s or \s equal \s to )? | between ) \s+
    (?P<first> -?\d+ ) (?: \s* (?: - | – | to | and ) \s* (?P<second> -?\d+ ) )? \s* °""",
    re.VERBOSE | re.IGNORECASE,
)
_OTHER_UNIT = re.compile(
    r"℃|(?i:\b(?:celsius|centigrade|kelvin|rankine)\b)|(?:[°º]|\b[Dd]egrees?)\s*[CKRckr]\b|\d\s*K\b"
)
_AFTER_STRIKE = re.compile(r"[\s(]*([A-Za-z]+)")
_NO_OTHER_UNIT = {"f", "fahrenheit", "according", "as", "for", "in", "on", "or", "per", "then"}
"""What may follow a strike's ``°``: its unit, or a word that is none."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the text of one market says: the maximum at ``place`` on ``day`` falls into ``bin``."""

    place: str
    reports: frozenset[str]
    """The climate reports it names; none in the older texts."""
    day: date
    bin: Bin
    source: str


def parse_rules(primary: str, secondary: str) -> Rules:
    """What the rules of a daily-high market say; ``ContractError`` where they are not readable.

    Rules in another unit than °F are refused by its name; where they name none, °F is meant.

    >>> parse_rules("If the maximum temperature recorded at Los Angeles (CLILAX) for Sep 5, 2026, "
    ...     "is between 79-80° fahrenheit according to The Weather Company, then the market "
    ...     "resolves to Yes.", "").bin
    Bin(lower=79, upper=80)
    """
    extreme = _only(_EXTREME, primary, "kind of temperature")
    if extreme[1].lower() in {"lowest", "minimum"}:
        raise ContractError(f"the rules are about the {extreme[1]} temperature: {primary!r}")
    _refuse_other_units(primary, secondary)
    return Rules(
        place=_only(_PLACE, primary, "place")[1],
        reports=frozenset(_REPORT.findall(primary) + _REPORT.findall(secondary)),
        day=_day(_only(_DAY, primary, "day")),
        bin=_bin(_only(_STRIKE, primary, "strike")),
        source=_only(_SOURCE, primary, "source")[1],
    )


def check_rules(rules: Rules, station: Station, day: date, bin_: Bin) -> None:
    """Raise ``ContractError`` where the rules say something else than the fields."""
    if rules.day != day:
        raise ContractError(f"rules for {rules.day}, ticker for {day}")
    if rules.bin != bin_:
        raise ContractError(f"rules pay for {rules.bin}, fields for {bin_}")
    if rules.reports:
        if rules.reports != {station.report}:
            named = ", ".join(sorted(rules.reports))
            raise ContractError(f"rules name {named}, the station is {station.report}")
    elif not _is_at(rules.place, station):
        raise ContractError(f"rules speak of {rules.place}, the station is {station.name}")


def terms(primary: str, secondary: str, source: str) -> Terms:
    """The rules with a fingerprint that is the same for every day and strike of a series."""
    neutral = [
        " ".join(_STRIKE.sub("<strike>", _DAY.sub("<day>", text)).split())
        for text in (primary, secondary)
    ]
    return Terms(source, primary, secondary, derived_id(source, *neutral))


def _refuse_other_units(primary: str, secondary: str) -> None:
    """Raise ``ContractError`` where the rules count in anything but °F."""
    unit = _OTHER_UNIT.search(primary) or _OTHER_UNIT.search(secondary)
    if unit is not None:
        raise ContractError(f"the rules count in {unit[0].strip()!r}, not in °F: {primary!r}")
    for strike in _STRIKE.finditer(primary):
        word = _AFTER_STRIKE.match(primary, strike.end())
        if word is not None and word[1].lower() not in _NO_OTHER_UNIT:
            raise ContractError(f"the rules count in '°{word[1]}', not in °F: {primary!r}")


def _only(pattern: re.Pattern[str], text: str, what: str) -> re.Match[str]:
    found = list(pattern.finditer(text))
    if len(found) != 1:
        raise ContractError(f"{len(found)} times a {what} in the rules: {text!r}")
    return found[0]


def _day(found: re.Match[str]) -> date:
    month, day, year = found.groups()
    try:
        return date(int(year), MONTHS.index(month.upper()) + 1, int(day))
    except ValueError:
        raise ContractError(f"no day {found[0]!r}") from None


def _bin(found: re.Match[str]) -> Bin:
    words, first = " ".join(found["words"].lower().split()), int(found["first"])
    if (words == "between") != (found["second"] is not None):
        raise ContractError(f"no interval {found[0]!r}")
    if words == "between":
        return Bin(first, int(found["second"]))
    strict = 0 if words.endswith("equal to") else 1
    return Bin(None, first - strict) if words.startswith("less") else Bin(first + strict, None)


def _is_at(place: str, station: Station) -> bool:
    words, name = set(re.findall(r"[A-Za-z']+", place)), re.findall(r"[A-Za-z']+", station.name)
    common = {"New", "Los", "Las", "San", "St", "City", "Intl", "Park"}
    return bool(words & (set(name) - common)) and not words & set(NEIGHBOURS)
