"""The envelope of weather office texts: the heading they travel under, and its short clock.

``CDUS41 KOKX 090626 CCA`` is a kind of text, an office, day of the month and UTC time, and, where
it is not the first of its kind, why; the line below names the product (``CLINYC``).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kalshi_edge.errors import BulletinError

_HEADING = re.compile(
    r"^[A-Z]{4}[0-9]{2} +[A-Z]{4} +(?P<day>[0-9]{2})(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})"
    r"(?: +(?P<amendment>[A-Z]{3}))? *\n\s*(?P<product>[A-Z0-9]{4,6}) *$",
    re.MULTILINE,
)

_ENVELOPE = re.compile(
    r"^(?:[0-9]{3} *\n)?[A-Z]{4}(?:[0-9]{2})? +[A-Z]{4} +"
    r"(?P<day>[0-9]{2})(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?: +(?P<amendment>[A-Z]{3}))? *$"
    r"(?:\n(?P<product>[A-Z0-9]{4,6})(?P<again> COR)? *$)?",
    re.MULTILINE,
)
_CORRECTION = re.compile(r"COR|CC[A-Z]")

LOWEST_F, HIGHEST_F = -80, 140


@dataclass(frozen=True, slots=True)
class Heading:
    """Which product a text is, and when it was sent as far as the heading says (UTC)."""

    product: str
    amendment: str
    """``CCA`` a first correction, ``RRA`` a late text; empty for most."""
    day: int
    hour: int
    minute: int

    @property
    def correction(self) -> int:
        """Which correction it is: 1 for ``CCA``, 2 for ``CCB`` …; 0 for none."""
        return correction_number(self.amendment)


def parse_headings(text: str) -> tuple[Heading, ...]:
    """The headings of all products in a text, in order; there may be none."""
    return tuple(
        Heading(
            product=found["product"],
            amendment=found["amendment"] or "",
            day=int(found["day"]),
            hour=int(found["hour"]),
            minute=int(found["minute"]),
        )
        for found in _HEADING.finditer(text)
    )


def correction_number(*words: str) -> int:
    """Which correction it is by its marks: 1 for ``COR`` or ``CCA``, 2 for ``CCB`` …; else 0.

    >>> correction_number("RRA"), correction_number("COR", ""), correction_number("CCC")
    (0, 1, 3)
    """
    marks = [word for word in words if _CORRECTION.fullmatch(word)]
    return max((1 if mark == "COR" else ord(mark[2]) - ord("A") + 1 for mark in marks), default=0)


def reports(text: str, start: str) -> tuple[tuple[str, Heading | None], ...]:
    """The single reports of a text, each in one line, with the heading that it came under.

    A report ends at ``=`` or, for the senders who omit that, before a line that begins with the
    pattern ``start``. What is no report at all comes out as well: to be refused by name.
    """
    lines = (line.strip(" \t\x01\x03") for line in text.splitlines())
    plain = "\n".join(line for line in lines if line)
    envelopes = list(_ENVELOPE.finditer(plain))
    ends = [envelope.start() for envelope in envelopes] + [len(plain)]
    found: list[tuple[str, Heading | None]] = []
    for envelope, end in zip([None, *envelopes], ends, strict=True):
        part = plain[envelope.end() if envelope else 0 : end]
        heading = None if envelope is None else _heading(envelope)
        pieces = (" ".join(piece.split()) for piece in re.split(rf"=|\n(?={start})", part))
        found += [(piece, heading) for piece in pieces if piece]
    return tuple(found)


def _heading(found: re.Match[str]) -> Heading:
    again = "COR" if found["again"] else ""
    day, hour, minute = (int(found[name]) for name in ("day", "hour", "minute"))
    return Heading(found["product"] or "", found["amendment"] or again, day, hour, minute)


def plausible_f(value_f: int) -> int:
    """The same whole °F, if a thermometer in the United States may show it.

    Their records are −80 and 134 °F. Raises ``BulletinError`` naming the value and the limits.
    """
    if not LOWEST_F <= value_f <= HIGHEST_F:
        raise BulletinError(f"{value_f} °F is not within {LOWEST_F} to {HIGHEST_F}")
    return value_f


def instant_near(near: datetime, *, day: int, hour: int, minute: int) -> datetime:
    """The instant with this day of the month and UTC time that is closest to ``near``.

    Raises ``BulletinError`` where no month around has such an instant.

    >>> at = instant_near(datetime(2026, 3, 1, 0, 20, tzinfo=UTC), day=28, hour=23, minute=51)
    >>> at.isoformat()
    '2026-02-28T23:51:00+00:00'
    """
    middle = near.astimezone(UTC).replace(day=15)
    candidates = []
    for month in (middle - timedelta(days=30), middle, middle + timedelta(days=30)):
        try:
            candidates.append(datetime(month.year, month.month, day, hour, minute, tzinfo=UTC))
        except ValueError:
            continue
    if not candidates:
        raise BulletinError(f"no such instant: day {day}, {hour:02d}:{minute:02d} UTC")
    return min(candidates, key=lambda candidate: abs(candidate - near))
