"""Settlement parity: does the bin that we say pays, pay?

For every market with a recorded result: the reported high falls into the bin exactly where the
exchange paid a dollar. A contract model that is wrong by half a degree shows here at once.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kalshi_edge.data.history.archive import (
    MARKET_QUOTES,
    TRADE_QUOTES,
    ArchivedOutcome,
    parse_outcome,
    read_rows,
)
from kalshi_edge.data.history.records import Record, cities_in, read_city
from kalshi_edge.domain.market import Ladder
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import ClimateReport


@dataclass(frozen=True, slots=True)
class Parity:
    """How our settlement compares with the exchange's."""

    agreed: int
    differing: tuple[ArchivedOutcome, ...]
    """We say one thing, the exchange paid another."""
    undecided: tuple[ArchivedOutcome, ...]
    """The exchange paid, but the record lacks the bin or the high that would let us say."""
    unsettled: int
    """No result was recorded."""

    @property
    def share(self) -> float | None:
        """Agreed ÷ compared, 0 to 1; ``None`` where nothing could be compared."""
        compared = self.agreed + len(self.differing)
        return self.agreed / compared if compared else None


def parity(outcomes: Iterable[ArchivedOutcome]) -> Parity:
    """The comparison of every outcome's own bin and high with what was paid for it."""
    agreed = unsettled = 0
    differing, undecided = [], []
    for outcome in outcomes:
        if outcome.paid is None:
            unsettled += 1
        elif outcome.bin is None or outcome.high_f is None:
            undecided.append(outcome)
        elif outcome.paid == int(outcome.bin.contains(outcome.high_f)):
            agreed += 1
        else:
            differing.append(outcome)
    return Parity(agreed, tuple(differing), tuple(undecided), unsettled)


def verify_archive(source: Path) -> Mapping[str, Parity]:
    """Parity of each quotes file of an archive, by file name."""
    return {
        name: parity(read_rows(source / name, parse_outcome))
        for name in (MARKET_QUOTES, TRADE_QUOTES)
    }


def verify_history(folder: Path) -> Parity:
    """Parity of every ladder in the project's own history in ``folder``."""
    return parity(
        outcome for city in cities_in(folder) for outcome in outcomes(read_city(folder, city))
    )


def outcomes(records: Iterable[Record]) -> Iterator[ArchivedOutcome]:
    """Every market of every ladder with its day's first final high and its result."""
    ladders: dict[str, Ladder] = {}
    highs_f: dict[tuple[str, date], int | None] = {}
    settlements: dict[str, Settlement] = {}
    for record in records:
        match record:
            case Ladder():
                ladders[record.event_ticker] = record
            case ClimateReport(is_final=True):
                highs_f.setdefault((record.report, record.climate_day), record.high_f)
            case Settlement():
                settlements[record.ticker] = record
    for ladder in ladders.values():
        for market in ladder.markets:
            settled = settlements.get(market.ticker)
            yield ArchivedOutcome(
                ticker=market.ticker,
                station=ladder.station,
                climate_day=ladder.climate_day,
                bin=market.bin,
                high_f=highs_f.get((ladder.station.report, ladder.climate_day)),
                paid=None if settled is None else settled.value,
            )
