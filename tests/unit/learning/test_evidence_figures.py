"""What people are shown of evidence: figures of every cell, what is wanting, the whole in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from math import log

import pytest

from kalshi_edge.choices import ForecastModel
from kalshi_edge.domain.beliefs import Lead
from kalshi_edge.domain.evidence_cells import CellState, EvidenceCell, Stage, StageState
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.errors import InputError
from kalshi_edge.learning.evidence import register
from kalshi_edge.learning.evidence_figures import CellStatus, figures_of
from kalshi_edge.learning.evidence_records import EvidenceRecords
from kalshi_edge.models.e_values import plain_e

AT = datetime(2026, 11, 1, tzinfo=UTC)


def cell(city: str = "NYC", *, is_live: bool = True) -> EvidenceCell:
    return EvidenceCell(
        city, Lead.NIGHT, Strategy.SINGLE, ForecastModel.SEED, is_live, "min_edge=0.05"
    )


def reached(of: EvidenceCell, skill: float, money: float, **changes: object) -> CellState:
    """A state with these E-values, all of them from even days."""
    state = CellState(of.cell_id, (log(skill), 0.0), ((log(money),) * 4, (0.0,) * 4), 30, 12)
    return replace(state, **changes)  # type: ignore[arg-type]


def records(*more: CellState | StageState, cells: int = 20) -> EvidenceRecords:
    """A first batch of which New York is live, and what has become of it."""
    others = [cell(f"C{number}", is_live=False) for number in range(cells - 1)]
    found = EvidenceRecords()
    for record in (register((), [cell(), *others], AT), *more):
        found.keep(record)
    return found


LACKS = [
    (Stage.ONE_CONTRACT, {}, "for quarter: the cell is not open: skill E 3.2 of 20, money E 0.80"),
    (Stage.PAPER, {}, "for shadow: skill E 3.2 of 20 on paper"),
    (Stage.SHADOW, {"ladders": 13}, "for one contract: 13 of 14 ladders in shadow"),
    (Stage.SHADOW, {"ladders": 14}, "for one contract: a person's promotion"),
    (Stage.ONE_CONTRACT, {"opened_at": AT}, "for quarter: a person's promotion"),
    (Stage.QUARTER, {"opened_at": AT}, "for full: money E 0.80 of 8,000"),
    (Stage.QUARTER, {"opened_at": AT, "closings": 1}, "for full: the cell is closed: the edge"),
    (Stage.FULL, {"opened_at": AT}, "nothing: it trades at full size"),
]


@pytest.mark.parametrize(("stage", "changes", "wanting"), LACKS)
def test_of_a_live_cell_it_says_what_the_next_stage_wants(
    stage: Stage, changes: dict[str, object], wanting: str
) -> None:
    state = reached(cell(), 3.2001, 0.80001, **changes)
    one = figures_of(records(state, StageState(cell().cell_id, stage, AT))).cells[0]
    assert one.wanting.startswith(wanting)


@pytest.mark.parametrize(
    ("skill", "money", "changes", "status", "wanting"),
    [
        (1.0, 1.0, {}, CellStatus.GATHERING, "skill E 1.0 of 20, money E 1.0 of 800"),
        (21.0, 799.9, {}, CellStatus.GATHERING, "money E 799 of 800"),
        (19.99, 900.0, {}, CellStatus.GATHERING, "skill E 19 of 20"),
        (19.0, 900.0, {"opened_at": AT}, CellStatus.OPEN, "nothing: the cell is open"),
        (9.0, 9.0, {"opened_at": AT, "closings": 1}, CellStatus.CLOSED, "the edge that was shown"),
    ],
)
def test_of_a_paper_cell_it_says_what_opening_wants(
    skill: float, money: float, changes: dict[str, object], status: CellStatus, wanting: str
) -> None:
    paper = cell("C0", is_live=False)
    one = figures_of(records(reached(paper, skill, money, **changes))).of(paper.cell_id[:8])
    assert (one.status, one.stage) == (status, None)
    assert one.wanting.startswith(wanting)


def test_a_live_cell_of_which_nobody_has_said_anything_may_trade_one_contract() -> None:
    live, *papers = figures_of(records()).cells
    assert live.stage is not None
    assert (live.stage.stage, live.stage.since_at) == (Stage.ONE_CONTRACT, AT)
    assert {one.stage for one in papers} == {None}


def test_the_pooled_value_is_the_mean_over_all_registered_cells_and_opens_nothing() -> None:
    paper = cell("C0", is_live=False)
    figures = figures_of(records(reached(paper, 201.0, 41.0)))
    assert figures.pooled_skill == pytest.approx((201 + 19) / 20)
    assert figures.pooled_money == pytest.approx((41 + 19) / 20)
    assert figures.open_cells == 0
    assert figures.text == (
        "20 cells are registered in 1 batch since 2026-11-01, 0 of them open; E-values may be"
        " looked at every day; pooled E, the mean over all registered cells, which opens nothing:"
        " skill 11, money 3.0."
    )


def test_without_a_cell_it_says_so() -> None:
    figures = figures_of(EvidenceRecords())
    assert figures.text.startswith("No cell is registered yet")
    assert (figures.pooled_skill, figures.pooled_money) == (1.0, 1.0)


def test_the_newest_counts_in_whatever_order_batches_come_and_however_often() -> None:
    first = register((), [cell()], AT)
    second = register((first,), [cell(), cell("LA")], AT + timedelta(days=1))
    state = reached(cell(), 3.0, 2.0)
    found = []
    for order in permutations((first, second, first, state)):
        kept = EvidenceRecords()
        for record in order:
            kept.keep(record)
        found.append(figures_of(kept))
    assert all(figures == found[0] for figures in found)
    assert [(one.cell.city, one.gate.batch.number) for one in found[0].cells] == [
        ("NYC", 0),
        ("LA", 1),
    ]


def test_cells_of_a_batch_that_was_changed_count_for_nothing_and_it_is_said() -> None:
    batch = register((), [cell(), cell("LA")], AT)
    found = EvidenceRecords()
    found.keep(replace(batch, cells=batch.cells[:1]))
    figures = figures_of(found)
    assert figures.cells == []
    assert figures.problems == ["batch 0 is not what was registered"]
    assert found.gates == {}


def test_a_cell_is_found_by_the_beginning_of_its_id_where_that_is_one_cells() -> None:
    figures = figures_of(records())
    assert figures.of(cell().cell_id[:8]).cell == cell()
    with pytest.raises(InputError, match="20 cells begin with ''"):
        figures.of("")
    with pytest.raises(InputError, match="no cell begins with 'zz'"):
        figures.of("zz")


@pytest.mark.parametrize("limit", [20.0, 800.0, 0.05])
def test_what_is_short_of_a_limit_is_never_written_like_it(limit: float) -> None:
    short = limit * (1 - 1e-12)
    assert plain_e(short) != plain_e(limit)
    assert float(plain_e(short)) < limit
