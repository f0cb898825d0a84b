"""Settlement parity: does the bin that we say pays, pay?

For every market with a recorded result: the reported high falls into the bin exactly where the
exchange paid a dollar. A contract model that is wrong by half a degree shows here at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from kalshi_edge.data.history.archive import MARKET_QUOTES, ArchivedOutcome, parse_outcome
from kalshi_edge.data.history.benchmarks import parse_station_record
from kalshi_edge.data.history.cells import Row, whole_degrees
from kalshi_edge.data.history.gathered import LeftOuts
from kalshi_edge.data.history.records import Record, cities_in, read_city
from kalshi_edge.data.history.tables import ArchiveTable, LeftOut, TableFile, read_rows, table_files
from kalshi_edge.data.kalshi.market_wire import event_ticker
from kalshi_edge.data.weather.stations import by_icao
from kalshi_edge.domain.market import Bin, Ladder
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.weather import ClimateReport
from kalshi_edge.errors import HistoryError, RowError
from kalshi_edge.units import ONE


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
    left_out: tuple[LeftOut, ...] = ()
    """Rows that could not be read."""

    def undecided_by_reason(self) -> dict[str, list[ArchivedOutcome]]:
        """The undecided by what the record lacks."""
        found: dict[str, list[ArchivedOutcome]] = {}
        for one in self.undecided:
            lacks = "nothing says which way the bin opens" if one.bin is None else "no high"
            found.setdefault(lacks, []).append(one)
        return found

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
    """Parity of each file of an archive that has results, by file name.

    Station records are compared too: the station's maximum with what the exchange settled on.
    Raises ``HistoryError`` where there is no such file.
    """
    files, _ = table_files(source)
    compared = {file.path.name: _file_parity(file) for file in files if file.table in _OUTCOMES}
    if not compared:
        raise HistoryError(f"no file {source / MARKET_QUOTES}, nor another with results")
    return compared


def _file_parity(file: TableFile) -> Parity:
    left = LeftOuts()
    left.file = file.path.name

    def found() -> Iterator[ArchivedOutcome]:
        parse = _OUTCOMES[file.table]
        for left.line, row in read_rows(file):
            if isinstance(row, RowError):
                left.add(row.reason, str(row))
            elif (outcome := left.read(parse, row)) is not None:
                yield outcome

    compared = parity(found())
    return replace(compared, left_out=left.all())


def _settled_outcome(row: Row) -> ArchivedOutcome:
    """An outcome held against the exchange's own figure of the day, where it was kept."""
    outcome, settled_f = parse_outcome(row), whole_degrees(row, "kalshi_expiration_value")
    return outcome if settled_f is None else replace(outcome, high_f=settled_f)


def _station_outcome(row: Row) -> ArchivedOutcome:
    """The station's maximum held against the exchange's figure: a bin of that one degree, paid."""
    record = parse_station_record(row)
    station, settled_f = by_icao(record.station), record.settled_f
    return ArchivedOutcome(
        ticker=event_ticker(station, record.climate_day),
        station=station,
        climate_day=record.climate_day,
        bin=None if settled_f is None else Bin(settled_f, settled_f),
        high_f=record.high_f,
        paid=None if settled_f is None else ONE,
    )


_OUTCOMES: Mapping[ArchiveTable, Callable[[Row], ArchivedOutcome]] = {
    ArchiveTable.QUOTES: parse_outcome,
    ArchiveTable.TRADE_QUOTES: parse_outcome,
    ArchiveTable.TRADE_AVERAGES: _settled_outcome,
    ArchiveTable.STATION_DAYS: _station_outcome,
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
