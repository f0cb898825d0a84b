"""The climate report (CLI): the maximum that settles a day, or so far only its floor.

The date is the headline's, never the time of issue. A report is final only if everything says so:
no ``VALID … AS OF`` line, figures for ``YESTERDAY``, issued after the day it speaks of. The normals
further down have a ``MAXIMUM`` too; only the ``TEMPERATURE`` block below the headline counts.
"""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile

from kalshi_edge.data.weather.wmo import Heading, instant_near, parse_headings, plausible_f
from kalshi_edge.domain.weather import ClimateReport
from kalshi_edge.errors import BulletinError

_HEADLINE = re.compile(
    r"\.{3} *THE\s+(?P<place>(?:(?!\.{3}).){1,80}?)\s+CLIMATE\s+SUMMARY\s+(?:FOR|FROM)\s+"
    r"(?P<period>(?:(?!\.{3}).){1,80}?)\s*\.{3}",
    re.DOTALL,
)
_CORRECTION = re.compile(r"\bCORRECT(?:ED|ION)\b")
_DAY = re.compile(
    r"(?P<month>[A-Z]{3,9})\s+(?P<day>[0-9]{1,2}),?\s+(?P<year>(?:18|19|20)[0-9]{2})"
    r"(?:\s+\(?CORRECT(?:ED|ION)\)?)?"
)
_ISSUED = re.compile(
    r"^ *(?P<hour>[0-9]{1,2}):?[0-9]{2} +(?P<half>[AP]M) +(?P<zone>[A-Z]{3,4}) +[A-Z]{3} +"
    r"(?P<day>.+)$",
    re.MULTILINE,
)
_AS_OF = re.compile(r"\bVALID\s+(?:TODAY\s+)?AS\s+OF\b")
_BLOCK = re.compile(r" *TEMPERATURE *(?:\(F\))? *")
_IN_BLOCK = re.compile(r"\s*(?!PRECIPITATION)\S")
_FIGURE = re.compile(
    r" *(?:MAXIMUM|MINIMUM) {1,12}(?P<value>-?[0-9]{1,3}|M[MSB]?) ?(?P<mark>R|\(E\)|\*)?"
    r"(?= |$)(?: *[0-9]{1,2}:?[0-9]{2} [AP]M\b|(?!.*\b[AP]M\b))"
)
"""The figure stands close to its name, and the time, if any, comes next; then record and normal."""

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_OTHER_PERIODS = {"CLM": "month", "CLS": "season", "CLA": "year", "CF6": "month"}


def parse_cli(text: str, *, received_at: datetime) -> tuple[ClimateReport, ...]:
    """The reports in one product: one for each place that it has a headline for.

    Raises ``BulletinError`` where the text is no daily climate report, or where its layout leaves a
    figure in doubt.
    """
    text = text.upper().replace("\r", "").expandtabs()
    heading = _heading(text)
    headlines = list(_HEADLINE.finditer(text))
    if not headlines:
        raise BulletinError("no headline of a climate summary", station=heading.product)
    preamble = text[: headlines[0].start()]
    ends = [headline.start() for headline in headlines[1:]] + [len(text)]
    reports = []
    for headline, end in zip(headlines, ends, strict=True):
        try:
            section = text[headline.end() : end]
            reports.append(_report(heading, preamble, headline, section, received_at))
        except BulletinError as fault:
            line = text.count("\n", 0, headline.start()) + 1
            raise BulletinError(fault.reason, station=heading.product, line=line) from fault
    return tuple(reports)


def _heading(text: str) -> Heading:
    headings = parse_headings(text)
    if len(headings) != 1:
        raise BulletinError(f"{len(headings)} headings in a text that should be one product")
    product = headings[0].product
    if product[:3] in _OTHER_PERIODS:
        raise BulletinError(f"the report of a {_OTHER_PERIODS[product[:3]]}", station=product)
    if not (product.startswith("CLI") and len(product) == 6):
        raise BulletinError("not a climate report", station=product)
    return headings[0]


def _report(
    heading: Heading,
    preamble: str,
    headline: re.Match[str],
    section: str,
    received_at: datetime,
) -> ClimateReport:
    climate_day = _day(headline["period"])
    issue_day = _issue_day(preamble)
    if issue_day is not None and climate_day > issue_day:
        raise BulletinError(f"issued on {issue_day} for {climate_day}, which had not begun")
    label, rows = _temperatures(section)
    is_final = (
        label == "YESTERDAY"
        and _AS_OF.search(preamble + section) is None
        and (issue_day is None or climate_day < issue_day)
    )
    if is_final and "MAXIMUM" not in rows:
        raise BulletinError("no MAXIMUM row in a final report")
    high_f, is_record = _figure(rows.get("MAXIMUM"))
    low_f, _ = _figure(rows.get("MINIMUM"))
    if high_f is not None and low_f is not None and low_f > high_f:
        raise BulletinError(f"minimum {low_f} above maximum {high_f}")
    marked = heading.amendment.startswith("CC") or _CORRECTION.search(preamble + headline[0])
    return ClimateReport(
        report=heading.product,
        climate_day=climate_day,
        high_f=high_f,
        low_f=low_f,
        is_final=is_final,
        is_corrected=bool(marked),
        is_record=is_record,
        issued_at=_issued_at(heading, issue_day or climate_day + timedelta(days=1)),
        received_at=received_at,
        place=" ".join(headline["place"].split()),
    )


def _temperatures(section: str) -> tuple[str, dict[str, str]]:
    """Whose figures the temperature block holds (``YESTERDAY``, ``TODAY``), and its two rows."""
    lines = section.split("\n")
    start = next((n for n, line in enumerate(lines) if _BLOCK.fullmatch(line)), None)
    if start is None:
        raise BulletinError("no TEMPERATURE block")
    block = list(takewhile(_IN_BLOCK.match, lines[start + 1 :]))
    label = block[0].strip() if block else ""
    if label not in {"TODAY", "YESTERDAY"}:
        raise BulletinError(f"temperatures of neither TODAY nor YESTERDAY but of {label[:40]!r}")
    named = [(line.split()[0], line) for line in block[1:]]
    rows = {name: line for name, line in named if name in {"MAXIMUM", "MINIMUM"}}
    if not rows or len(rows) < sum(name in rows for name, _ in named):
        raise BulletinError("not one MAXIMUM and one MINIMUM row in the TEMPERATURE block")
    return label, rows


def _figure(row: str | None) -> tuple[int | None, bool]:
    """A row's observed value in °F, and whether it is marked as a record."""
    if row is None:
        return None, False
    found = _FIGURE.match(row)
    if found is None:
        raise BulletinError(f"no figure where one belongs: {row.strip()[:60]!r}")
    if found["value"].startswith("M"):
        return None, False
    return plausible_f(int(found["value"])), found["mark"] == "R"


def _day(text: str) -> date:
    """The one day that ``JULY 8 2026`` is; ``BulletinError`` for a month, a season or nonsense."""
    found = _DAY.fullmatch(text.strip())
    if found is None or found["month"][:3] not in _MONTHS:
        raise BulletinError(f"not one day: {text.strip()[:60]!r}")
    try:
        return date(int(found["year"]), _MONTHS.index(found["month"][:3]) + 1, int(found["day"]))
    except ValueError as error:
        raise BulletinError(f"{error}: {text.strip()!r}") from error


def _issue_day(preamble: str) -> date | None:
    """The date of issue in local standard time, where the text has its usual line of it.

    The first hour of a day by a summer clock belongs to the day before.
    """
    found = _ISSUED.search(preamble)
    if found is None:
        return None
    is_first_hour = int(found["hour"]) % 12 == 0 and found["half"] == "AM"
    is_summer_clock = found["zone"].endswith("DT")
    return _day(found["day"]) - timedelta(days=int(is_first_hour and is_summer_clock))


def _issued_at(heading: Heading, issue_day: date) -> datetime | None:
    """When the heading says it was sent; ``None`` where that is nowhere near the date of issue."""
    noon = datetime(issue_day.year, issue_day.month, issue_day.day, 12, tzinfo=UTC)
    at = instant_near(noon, day=heading.day, hour=heading.hour, minute=heading.minute)
    return at if abs(at - noon) <= timedelta(hours=36) else None
