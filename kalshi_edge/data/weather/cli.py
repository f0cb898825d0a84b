"""The climate report (CLI): the maximum that settles a day, or so far only its floor.

The date is the headline's, never the time of issue. A report is final only if everything says so:
no ``VALID … AS OF`` line, figures for ``YESTERDAY``, issued after the day it speaks of. The normals
further down have a ``MAXIMUM`` too; only the ``TEMPERATURE`` block below the headline counts. What
an intermediate report knows ends at the hour that it is valid as of, or with its issue.
"""

import re
from collections.abc import Collection
from datetime import datetime
from itertools import takewhile

from kalshi_edge.data.weather.report_clock import (
    AS_OF,
    as_of_instant,
    issue_instant,
    issue_line,
    one_day,
)
from kalshi_edge.data.weather.wmo import Heading, parse_headings, plausible_f
from kalshi_edge.domain.weather import ClimateReport, Station
from kalshi_edge.errors import BulletinError

_HEADLINE = re.compile(
    r"\.{3} *THE\s+(?P<place>(?:(?!\.{3}).){1,80}?)\s+CLIMATE\s+SUMMARY\s+(?:FOR|FROM)\s+"
    r"(?P<period>(?:(?!\.{3}).){1,80}?)\s*\.{3}",
    re.DOTALL,
)
_CORRECTION = re.compile(r"\bCOR(?:R|RECTED|RECTION)?\b")
_BLOCK = re.compile(r" *TEMPERATURE *(?:\(F\))? *")
_IN_BLOCK = re.compile(r"\s*(?!PRECIPITATION)\S")
_FIGURE = re.compile(
    r" *(?:MAXIMUM|MINIMUM) {1,12}(?P<value>-?[0-9]{1,3}|M[MSB]?)"
    r"(?P<marks>(?: ?(?:R|E|\(E\)|\*)){0,2})"
    r"(?= |$)(?: *[0-9]{1,2}(?::?[0-9]{2})? ?[AP]M\b|(?!.*[0-9 ][AP]M\b))"
)
"""The figure stands close to its name, and the time, if any, comes next; then record and normal.

An ``E``, in brackets or not, says that it is estimated, ``R`` that it is a record.
"""

_WORD = re.compile(r"[A-Z']+")
_OTHER_PERIODS = {"CLM": "month", "CLS": "season", "CLA": "year", "CF6": "month"}


def parse_cli(text: str, *, received_at: datetime) -> tuple[ClimateReport, ...]:
    """The reports in one product: one for each place that it has a headline for.

    Raises ``BulletinError`` where the text is no daily climate report, or where its layout leaves a
    figure in doubt.
    """
    found = [read for _, read in parse_places(text, received_at=received_at)]
    for read in found:
        if isinstance(read, BulletinError):
            raise read
    return tuple(read for read in found if isinstance(read, ClimateReport))


def parse_places(
    text: str, *, received_at: datetime
) -> tuple[tuple[str, ClimateReport | BulletinError], ...]:
    """Place by place what one product says, or why that cannot be read; one costs no other.

    Raises ``BulletinError`` where the text is no daily climate report at all.
    """
    text = text.upper().replace("\r", "").expandtabs()
    heading = _heading(text)
    headlines = list(_HEADLINE.finditer(text))
    if not headlines:
        raise BulletinError("no headline of a climate summary", station=heading.product)
    preamble = text[: headlines[0].start()]
    ends = [headline.start() for headline in headlines[1:]] + [len(text)]
    found: list[tuple[str, ClimateReport | BulletinError]] = []
    for headline, end in zip(headlines, ends, strict=True):
        place = " ".join(headline["place"].split())
        try:
            section = text[headline.end() : end]
            found.append((place, _report(heading, preamble, headline, section, received_at)))
        except BulletinError as fault:
            line = text.count("\n", 0, headline.start()) + 1
            found.append((place, BulletinError(fault.reason, station=heading.product, line=line)))
    return tuple(found)


def own_place(places: Collection[str], station: Station) -> str:
    """Which of a product's places is the station: the one with the most words of its name.

    Raises ``BulletinError`` where several could be it, or none.

    >>> from kalshi_edge.data.weather.stations import station_of
    >>> own_place({"HOUSTON INTERCONTINENTAL", "HOUSTON/HOBBY AIRPORT"}, station_of("HOU"))
    'HOUSTON/HOBBY AIRPORT'
    """
    if len(set(places)) == 1:
        return next(iter(places))
    name = set(_WORD.findall(station.name.upper()))
    ranks = {
        place: (len(name & words), -len(words - name))
        for place in places
        if (words := set(_WORD.findall(place)))
    }
    best = max(ranks.values(), default=(0, 0))
    named = [place for place, rank in ranks.items() if rank == best and rank[0]]
    if len(named) != 1:
        raise BulletinError(f"which is {station.name}: {', '.join(sorted(places))}?")
    return named[0]


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
    climate_day = one_day(headline["period"])
    issue = issue_line(preamble)
    issue_day = None if issue is None else issue.day
    if issue_day is not None and climate_day > issue_day:
        raise BulletinError(f"issued on {issue_day} for {climate_day}, which had not begun")
    above, label, rows = _temperatures(section)
    as_of = AS_OF.search(preamble + section)
    is_final = (
        label == "YESTERDAY" and as_of is None and (issue_day is None or climate_day < issue_day)
    )
    if is_final and "MAXIMUM" not in rows:
        raise BulletinError("no MAXIMUM row in a final report")
    high_f, is_record = _figure(rows.get("MAXIMUM"))
    low_f, _ = _figure(rows.get("MINIMUM"))
    if high_f is not None and low_f is not None and low_f > high_f:
        raise BulletinError(f"minimum {low_f} above maximum {high_f}")
    marked = heading.correction or _CORRECTION.search(preamble + headline[0] + above)
    issued_at = issue_instant(heading, issue, climate_day)
    return ClimateReport(
        report=heading.product,
        climate_day=climate_day,
        high_f=high_f,
        low_f=low_f,
        is_final=is_final,
        is_corrected=bool(marked),
        is_record=is_record,
        issued_at=issued_at,
        received_at=received_at,
        place=" ".join(headline["place"].split()),
        correction=heading.correction,
        as_of=None if as_of is None else as_of_instant(as_of, climate_day, issue, issued_at),
    )


def _temperatures(section: str) -> tuple[str, str, dict[str, str]]:
    """What stands above the temperature block, whose figures it holds, and its two rows."""
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
    return "\n".join(lines[:start]), label, rows


def _figure(row: str | None) -> tuple[int | None, bool]:
    """A row's observed value in °F, and whether it is marked as a record."""
    if row is None:
        return None, False
    found = _FIGURE.match(row)
    if found is None:
        raise BulletinError(f"no figure where one belongs: {row.strip()[:60]!r}")
    if found["value"].startswith("M"):
        return None, False
    return plausible_f(int(found["value"])), "R" in found["marks"]
