"""Whether a store holds together: what its journal says, against the records beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from kalshi_edge.db.lines import lines_of
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Fill, Order
from kalshi_edge.domain.records import Calibration, DailyRecord, SeriesTerms, Switch, Trade
from kalshi_edge.ports import Store

K = TypeVar("K")


@dataclass(slots=True)
class JournalTotals:
    """What a journal told last of everything."""

    lines: int = 0
    fills: set[str] = field(default_factory=set)
    trades: dict[str, Trade] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    calibrations: list[Calibration] = field(default_factory=list)
    days: dict[date, DailyRecord] = field(default_factory=dict)
    terms: dict[str, SeriesTerms] = field(default_factory=dict)
    switch: Switch | None = None

    def take(self, line: JournalEntry) -> None:
        """Go on by one line."""
        self.lines += 1
        self.fills.update(event.fill_id for event in line.events if isinstance(event, Fill))
        for verdict in line.verdicts:
            match verdict:
                case Trade():
                    self.trades[verdict.trade_id] = verdict
                case Order():
                    self.orders[verdict.intent.intent_id] = verdict
                case Calibration():
                    self.calibrations.append(verdict)
                case DailyRecord():
                    self.days[verdict.day] = verdict
                case SeriesTerms():
                    self.terms[verdict.series] = verdict
                case Switch():
                    self.switch = verdict
                case _:
                    pass


async def checked(store: Store) -> tuple[JournalTotals, Sequence[str]]:
    """What the journal tells, and a sentence for everything that does not fit it.

    An order may be further on than the journal: it is stored before it is sent, and the line that
    says so follows.
    """
    told, faults = JournalTotals(), []
    async for line in lines_of(store):
        if line.seq != told.lines + 1:
            faults.append(f"journal line {told.lines + 1} is missing, {line.seq} follows")
            told.lines = line.seq - 1
        told.take(line)
    faults += _different("trade", told.trades, {t.trade_id: t for t in await store.trades()})
    faults += _different("day", told.days, {d.day: d for d in await store.daily_records()})
    faults += _different("rules of", told.terms, {t.series: t for t in await store.terms()})
    kept = {order.intent.intent_id for order in await store.orders()}
    faults += [f"order {name} is in the journal only" for name in told.orders if name not in kept]
    if missing := told.fills ^ await store.fill_ids():
        faults.append(f"fills {sorted(missing)[:5]} are in the journal or beside it, not in both")
    if sorted(map(repr, told.calibrations)) != sorted(map(repr, await store.calibrations())):
        faults.append("the calibrations are not those that the journal told")
    if told.switch is not None and await store.switch(told.switch.since_at) != told.switch:
        faults.append("the kill switch is not as the journal told it last")
    return told, faults


def _different(what: str, told: Mapping[K, object], kept: Mapping[K, object]) -> Iterator[str]:
    for name in told.keys() | kept.keys():
        if told.get(name) != kept.get(name):
            yield f"{what} {name} is not as the journal told it last"
