"""How past climate days came out: what final reports said of each, and what the exchange paid.

Facts only, each once: asked for again, an issue of a report says nothing new.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from kalshi_edge.domain.market import Bin, Market
from kalshi_edge.domain.verdicts import Alarm
from kalshi_edge.domain.weather import ClimateReport
from kalshi_edge.units import ONE, ZERO

MEMORY_OF_RESULTS = timedelta(days=6)
"""How long after a climate day a report of it may change what was learned.

No longer than the lessons of that time are kept, and than a restart reads back.
"""

Day: TypeAlias = tuple[str, date]
"""Station and climate day."""


Reports: TypeAlias = tuple[tuple[str, date, tuple[ClimateReport, ...]], ...]
"""By station and climate day."""


@dataclass(frozen=True, slots=True)
class ResultsSnapshot:
    """What is known of how recent climate days came out."""

    first_f: tuple[tuple[str, date, int], ...]
    reports: Reports
    paid: tuple[tuple[str, date, tuple[tuple[str, Bin, Decimal], ...]], ...]


@dataclass
class Results:
    """What is known of each recent climate day's maximum once it is over."""

    first_f: dict[Day, int] = field(default_factory=dict)
    """The figure of the first final report, °F: by it the exchange should settle."""
    reports: dict[Day, tuple[ClimateReport, ...]] = field(default_factory=dict)
    """Final reports with a figure, each issue once, the last word last."""
    paid: dict[Day, Mapping[str, tuple[Bin, Decimal]]] = field(default_factory=dict)
    """By ticker, a bin and what the exchange paid for it, dollars a contract."""

    def report(self, icao: str, report: ClimateReport) -> bool:
        """Keep a report; whether it is a final one that says something new of a recent day."""
        if not report.is_final or report.high_f is None:
            return False
        if report.climate_day < (report.received_at - MEMORY_OF_RESULTS).date():
            return False
        day = icao, report.climate_day
        known = self.reports.get(day, ())
        if any(_statement(one) == _statement(report) for one in known):
            return False
        self.first_f.setdefault(day, report.high_f)
        self.reports[day] = tuple(sorted((*known, report), key=_rank))
        return True

    def settlement(self, day: Day, market: Market, value: Decimal) -> bool:
        """Keep what a market paid; whether that is new."""
        known, said = self.paid.get(day, {}), (market.bin, value)
        if known.get(market.ticker) == said:
            return False
        self.paid[day] = {**known, market.ticker: said}
        return True

    def snapshot(self) -> ResultsSnapshot:
        """All of it."""
        return ResultsSnapshot(
            first_f=tuple((*day, high_f) for day, high_f in self.first_f.items()),
            reports=tuple((*day, reports) for day, reports in self.reports.items()),
            paid=tuple(
                (*day, tuple((ticker, *said) for ticker, said in paid.items()))
                for day, paid in self.paid.items()
            ),
        )

    def restore(self, snapshot: ResultsSnapshot) -> None:
        """Know what was known at the time of ``snapshot``."""
        self.first_f = {(icao, day): high_f for icao, day, high_f in snapshot.first_f}
        self.reports = {(icao, day): reports for icao, day, reports in snapshot.reports}
        self.paid = {
            (icao, day): {ticker: (bin_, value) for ticker, bin_, value in paid}
            for icao, day, paid in snapshot.paid
        }

    def forget(self, at: datetime) -> None:
        """Let go of what no report can change any more."""
        first = (at - MEMORY_OF_RESULTS).date()
        self.first_f = {day: kept for day, kept in self.first_f.items() if day[1] >= first}
        self.reports = {day: kept for day, kept in self.reports.items() if day[1] >= first}
        self.paid = {day: kept for day, kept in self.paid.items() if day[1] >= first}

    def reported_since(self, icao: str, first: date) -> list[date]:
        """A station's climate days from ``first`` on that there is a final report of, in order."""
        return sorted(day for of, day in self.reports if of == icao and day >= first)

    def witnesses(self, day: Day, high_f: int) -> tuple[bool, bool]:
        """Whether any market's payment speaks for a maximum, and whether any speaks against it.

        What paid neither 0 nor 1 dollar speaks for nothing.
        """
        paid = [(one.contains(high_f), value) for one, value in self.paid.get(day, {}).values()]
        return (True, ONE) in paid, (True, ZERO) in paid or (False, ONE) in paid

    def differences(self, day: Day, tickers: Iterable[str] | None = None) -> tuple[Alarm, ...]:
        """Where the exchange paid otherwise than the first final report implies."""
        paid, high_f = self.paid.get(day, {}), self.first_f.get(day)
        if high_f is None:
            return ()
        return tuple(
            Alarm(
                "settlement_differs",
                f"{ticker} paid ${value}, but the climate report says {high_f} °F",
            )
            for ticker, (bin_, value) in paid.items()
            if (tickers is None or ticker in tickers) and value != int(bin_.contains(high_f))
        )


def _statement(report: ClimateReport) -> tuple[datetime | None, bool, int | None]:
    """What one issue of a report says of the maximum."""
    return report.issued_at, report.is_corrected, report.high_f


def _rank(report: ClimateReport) -> tuple[datetime, bool, datetime]:
    """The later word ranks higher; a correction may carry the time of what it corrects."""
    return report.valid_at, report.is_corrected, report.received_at
