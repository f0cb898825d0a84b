"""The evidence gate on the real archive: what two years of the running trader show, recounted."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from kalshi_edge.backtest.run import Request
from kalshi_edge.choices import ForecastModel
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.evidence_cells import (
    CellBatch,
    CellState,
    FirstDecision,
    SeenLadder,
)
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.market import Ladder
from kalshi_edge.domain.orders import Settlement, Strategy
from kalshi_edge.domain.records import Trade
from kalshi_edge.learning.evidence import CellGate
from kalshi_edge.operations.backtest import run_backtest
from kalshi_edge.operations.replay import replay_store
from kalshi_edge.trading.playbook import Playbook

pytestmark = pytest.mark.shared

CITIES = ("NYC", "CHI")


@dataclass(frozen=True)
class Gathered:
    """What a backtest's store holds of evidence."""

    path: Path
    lines: tuple[JournalEntry, ...]
    gates: dict[str, CellGate]
    states: dict[str, CellState]


@pytest.fixture(scope="module")
def gathered(history: Path, tmp_path_factory: pytest.TempPathFactory) -> Gathered:
    path = tmp_path_factory.mktemp("evidence") / "store.db"
    request = Request(
        history, CITIES, date(2023, 1, 1), date(2024, 12, 31), Playbook(), ("NBM", "GFSMOS")
    )
    run_backtest(request, store_path=path)
    store = SqliteStore(path, None)
    lines = asyncio.run(store.journal())
    batches = asyncio.run(store.current(CellBatch))
    states = {one.cell_id: one for one in asyncio.run(store.current(CellState))}
    gates = {cell.cell_id: CellGate(cell, batch) for batch in batches for cell in batch.cells}
    return Gathered(path, tuple(lines), gates, states)


def verdicts(gathered: Gathered, kind: type) -> Iterator[Any]:
    return (v for line in gathered.lines for v in line.verdicts if isinstance(v, kind))


def test_in_two_years_no_cell_opens_and_here_is_on_what(gathered: Gathered) -> None:
    assert gathered.states
    assert all(state.opened_at is None for state in gathered.states.values())
    decisions: dict[tuple[ForecastModel, Strategy], int] = {}
    for name, state in gathered.states.items():
        cell = gathered.gates[name].cell
        key = cell.model, cell.strategy
        decisions[key] = decisions.get(key, 0) + state.decisions
        assert gathered.gates[name].money(state) < gathered.gates[name].money_needed / 100
    assert decisions[ForecastModel.SEED, Strategy.SINGLE] > 100
    # at the quotes of a midnight the posterior finds nothing that pays
    assert decisions[ForecastModel.POSTERIOR, Strategy.SINGLE] < 10


def test_the_posterior_alone_shows_skill_in_both_cities(gathered: Gathered) -> None:
    for name, state in gathered.states.items():
        gate = gathered.gates[name]
        if state.ladders > 100 and gate.cell.model is ForecastModel.POSTERIOR:
            assert gate.skill(state) > 20
        if state.ladders > 100 and gate.cell.city == "CHI":
            is_posterior = gate.cell.model is ForecastModel.POSTERIOR
            assert (gate.skill(state) > 20) == is_posterior


def test_a_slow_reference_counts_the_same(gathered: Gathered) -> None:
    """Every factor by exact fractions, from what the journal says was seen, decided and paid."""
    ladders = {one.event_ticker: one for one in events(gathered, Ladder)}
    paid = {one.ticker: one.value for one in events(gathered, Settlement)}
    trades = {one.trade_id: one for one in verdicts(gathered, Trade)}
    decided = {(one.cell_id, one.event_ticker): one for one in verdicts(gathered, FirstDecision)}
    skill: dict[str, Fraction] = {}
    money: dict[str, list[Fraction]] = {}
    counted: dict[str, int] = {}
    for seen in verdicts(gathered, SeenLadder):
        values = [paid.get(one.ticker) for one in ladders[seen.event_ticker].markets]
        if None in values or sorted(values) != [0] * (len(values) - 1) + [1]:
            continue
        won = values.index(Decimal(1))
        for name, gate in gathered.gates.items():
            if (gate.cell.city, gate.cell.lead) != (seen.city, seen.lead):
                continue
            said = max(dict(seen.said)[gate.cell.model][won], 1e-4)
            ratio = Fraction(said) / Fraction(seen.mid[won])
            skill[name] = skill.get(name, Fraction(1)) * ratio
            counted[name] = counted.get(name, 0) + 1
            one = decided.get((name, seen.event_ticker))
            r = Fraction(0) if one is None else Fraction(result(one, trades, paid) / one.asked)
            bets = (Fraction(1, 20), Fraction(1, 10), Fraction(1, 5), Fraction(2, 5))
            products = money.setdefault(name, [Fraction(1)] * 4)
            money[name] = [p * (1 + k * r) for p, k in zip(products, bets, strict=True)]
    nights = [name for name in counted if gathered.gates[name].cell.lead == "night"]
    assert nights
    for name in nights:
        gate, state = gathered.gates[name], gathered.states[name]
        assert state.ladders == counted[name]
        assert gate.skill(state) == pytest.approx(float(skill[name]), rel=1e-9)
        assert gate.money(state) == pytest.approx(float(sum(money[name]) / 4), rel=1e-9)


def result(one: FirstDecision, trades: dict[str, Trade], paid: dict[str, Decimal]) -> Decimal:
    if one.trades:
        return sum((trades[name].pnl or Decimal(0) for name in one.trades if name in trades),
                   Decimal(0))  # fmt: skip
    return sum((leg.count * paid[leg.ticker] - leg.cost for leg in one.legs), Decimal(0))


def events(gathered: Gathered, kind: type) -> Iterator[Any]:
    return (one for line in gathered.lines for one in line.events if isinstance(one, kind))


def test_the_journal_replays_to_the_same_evidence(gathered: Gathered) -> None:
    assert all(difference is None for difference in replay_store(gathered.path))
