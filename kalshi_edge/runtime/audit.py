"""The audit of a soak test: a run recounted from its journal, by other means."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType

from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Fill, Settlement, Side
from kalshi_edge.domain.records import Calibration, DailyRecord
from kalshi_edge.domain.verdicts import Alarm, CalibrationDone, CycleDone
from kalshi_edge.runtime.schedule import Count, Job
from kalshi_edge.units import ZERO

DUE: Mapping[Job, tuple[timedelta, timedelta]] = MappingProxyType(
    {
        Job.CYCLE: (timedelta(minutes=30), timedelta()),
        Job.DAY: (timedelta(days=1), timedelta()),
        Job.CALIBRATION: (timedelta(days=1), timedelta(hours=9)),
    }
)
"""How often each job is due, and how long after midnight UTC: reckoned here once more."""
GRACE = timedelta(minutes=20)
"""What was due so shortly before the end may still be under way."""


@dataclass(frozen=True, slots=True)
class Recount:
    """What a journal holds, counted anew. Dollars; days are UTC days or climate days."""

    began_at: datetime
    ended_at: datetime
    cycles: int
    fills: int
    settled: int
    """Markets that paid while we held them."""
    calibrated: dict[str, int]
    """By city: climate days that taught."""
    unreported: tuple[str, ...]
    """Cities whose final report was missing at the last look of a morning."""
    mornings: int
    """UTC days on which the reports were asked for."""
    records: tuple[DailyRecord, ...]
    alarms: tuple[str, ...]
    cash: Decimal
    """What the fills and settlements leave of the starting balance."""

    @property
    def days(self) -> tuple[date, ...]:
        """The UTC days on record."""
        return tuple(record.day for record in self.records)

    @property
    def days_due(self) -> tuple[date, ...]:
        """The UTC days that ended in between."""
        return tuple(self.began_at.date() + timedelta(days=n) for n in range(self.due(Job.DAY)))

    def due(self, job: Job) -> int:
        """How often a job was due in between."""
        every, after = DUE[job]
        midnight = datetime.combine(self.began_at.date(), time(), UTC) + after
        return (self.ended_at - GRACE - midnight) // every - (self.began_at - midnight) // every


@dataclass(frozen=True, slots=True)
class Stretch:
    """A recount held against what the trader itself says."""

    recount: Recount
    counts: dict[Job, Count]
    cash: Decimal
    """Of the trader's own books."""
    simulated_cash: Decimal
    """Of the simulated exchange's."""
    cities: tuple[str, ...]
    replayed: int
    """Journal lines replayed."""
    differences: int
    """Those that differ."""
    memory_mb: tuple[float, ...]
    """The process's, at the end of each UTC day."""
    real_s: float
    recorded: int = 0
    """Journal lines replayed from what the recorder wrote beside it."""
    recorded_otherwise: int = 0
    """Those that differ."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong, one sentence each."""
        recount = self.recount
        found = [
            f"{job}: {count.missed} of {count.due} missed"
            for job, count in self.counts.items()
            if count.missed and job is not Job.HEARTBEAT
        ]
        found += [
            f"{job}: {count.done} of {recount.due(job)} done"
            for job in DUE
            if (count := self.counts[job]).done + count.missed < recount.due(job)
        ]
        if recount.mornings < (mornings := recount.due(Job.CALIBRATION)):
            found.append(f"reports asked for on {recount.mornings} of {mornings} days")
        if recount.days[: len(recount.days_due)] != recount.days_due:
            found.append(f"daily records of {len(recount.days)} days, not {len(recount.days_due)}")
        found += [
            f"{after.day} opens with {after.opening_balance}, not {before.closing_balance}"
            for before, after in pairwise(recount.records)
            if after.opening_balance != before.closing_balance
        ]
        if not self.cash == self.simulated_cash == recount.cash:
            found.append(f"cash {self.cash}, {self.simulated_cash} and {recount.cash} differ")
        if self.differences:
            found.append(f"{self.differences} of {self.replayed} lines differ when replayed")
        if self.recorded_otherwise:
            which = f"{self.recorded_otherwise} of {self.recorded} lines"
            found.append(f"{which} differ when replayed from the recording")
        found += [
            f"{city}: learned from {recount.calibrated.get(city, 0)} of {recount.mornings} days"
            for city in self.cities
            if recount.calibrated.get(city, 0) < recount.mornings
        ]
        return (*found, *recount.alarms)


def recount(
    lines: Sequence[JournalEntry], starting_balance: Decimal, ended_at: datetime
) -> Recount:
    """A journal counted anew, by nothing that the trader counts with."""
    events = [event for line in lines for event in line.events]
    verdicts = [verdict for line in lines for verdict in line.verdicts]
    fills = {event.fill_id: event for event in events if isinstance(event, Fill)}
    paid = {event.ticker: event.value for event in events if isinstance(event, Settlement)}
    held = _held(fills.values())
    learned = {
        (one.city, one.as_of)
        for one in verdicts
        if isinstance(one, Calibration) and one.as_of is not None
    }
    mornings: dict[date, CalibrationDone] = {
        one.received_at.date(): one for one in verdicts if isinstance(one, CalibrationDone)
    }
    return Recount(
        began_at=lines[0].received_at,
        ended_at=ended_at,
        cycles=sum(isinstance(one, CycleDone) for one in verdicts),
        fills=len(fills),
        settled=sum(1 for ticker in held if ticker in paid),
        calibrated=dict(Counter(city for city, _ in learned)),
        unreported=tuple(city for done in mornings.values() for city in done.missing),
        mornings=len(mornings),
        records=tuple(one for one in verdicts if isinstance(one, DailyRecord)),
        alarms=tuple(one.text for one in verdicts if isinstance(one, Alarm)),
        cash=starting_balance + sum(map(_flow, fills.values()), ZERO)
        + sum((held[ticker] * value for ticker, value in paid.items() if ticker in held), ZERO),
    )  # fmt: skip


def _held(fills: Iterable[Fill]) -> dict[str, Decimal]:
    """YES contracts left of each market; we only ever buy YES and sell what we hold."""
    held: dict[str, Decimal] = {}
    for fill in fills:
        count = fill.count if fill.side is Side.BUY else -fill.count
        held[fill.ticker] = held.get(fill.ticker, ZERO) + count
    return held


def _flow(fill: Fill) -> Decimal:
    paid = fill.count * fill.price
    return (-paid if fill.side is Side.BUY else paid) - fill.fee
