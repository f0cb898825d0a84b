"""``kalshi-edge evidence``: the figures of a store, read while its trader has it open."""

import asyncio
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kalshi_edge.api.read_model import ReadModel
from kalshi_edge.cli.main import main
from kalshi_edge.cli.output import out
from kalshi_edge.db.codec import to_json
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.evidence_cells import CellBatch
from kalshi_edge.learning.evidence_figures import EvidenceFigures, figures_of
from kalshi_edge.models.e_values import plain_e
from tests.support.evidence_days import HIGHS, NEW_YORK, evidence_days
from tests.support.trader_harness import SETUP, DrawnExchange, TraderHarness


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run the command in an empty folder; its exit code and what it printed, on one line."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(out, "width", 220)

    def run_command(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["evidence", *(str(argument) for argument in arguments)])
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run_command


async def play(path: Path, mode: str = "paper") -> EvidenceFigures:
    """Trade a week into a store that stays open, and what its own API would show."""
    setup = replace(SETUP, stations=(NEW_YORK,), mode=mode)
    store = SqliteStore(path, mode)
    await store.note("setup", to_json(setup))
    await TraderHarness(DrawnExchange([]), setup=setup, store=store).play(evidence_days())
    model = ReadModel()
    await model.read(store)
    OPEN.append(store)
    return figures_of(model.evidence)


OPEN: list[SqliteStore] = []
"""Written by a trader that has not ended."""


@pytest.fixture(autouse=True)
def closed() -> Any:
    yield
    while OPEN:
        asyncio.run(OPEN.pop().close())


def test_a_row_for_every_cell_with_evidence_or_of_the_traded_model(run: Any) -> None:
    figures = asyncio.run(play(Path("trader.db")))
    code, printed, err = run("--store", "trader.db")
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    assert " ".join(lines).startswith(figures.text)
    rows = {line.split()[0]: line for line in lines if line.split()[1:2] == ["NYC"]}
    shown = [c for c in figures.cells if c.has_evidence or c.cell.model == "seed"]
    assert len(figures.cells) > len(shown) > sum(c.has_evidence for c in shown) > 0
    assert list(rows) == [one.cell.cell_id[:8] for one in shown]
    for one in shown:
        assert rows[one.cell.cell_id[:8]] == (
            f"{one.cell.cell_id[:8]} NYC {one.cell.lead} {one.cell.strategy} {one.cell.model} paper"
            f" {one.state.ladders} {one.state.decisions} {plain_e(one.skill)} {plain_e(one.money)}"
            f" {one.gate.money_needed:,.0f} closed – {one.wanting}"
        )


def test_on_a_narrow_terminal_nothing_is_cut_off(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = asyncio.run(play(Path("trader.db"), "live"))
    monkeypatch.setattr(out, "width", 80)
    _, printed, _ = run("--store", "trader.db")
    assert max(map(len, printed.splitlines())) <= 80
    text = " ".join(printed.split())
    for one in figures.cells:
        if one.has_evidence:
            assert (
                f"skill E {plain_e(one.skill)}, money E {plain_e(one.money)} (opens at"
                f" {one.gate.money_needed:,.0f}); closed"
            ) in text
            assert f"wanting: {one.wanting}" in text


def test_live_cells_have_a_stage_and_what_the_next_one_wants(run: Any) -> None:
    asyncio.run(play(Path("trader.db"), "live"))
    _, printed, _ = run("--store", "trader.db")
    rows = [" ".join(line.split()) for line in printed.splitlines() if " live " in line]
    assert len(rows) == 8  # of the traded model
    assert all("closed one contract for quarter: the cell is not open: skill E" in row
               for row in rows)  # fmt: skip


def test_one_cell_is_shown_whole_with_its_values_over_time(run: Any) -> None:
    figures = asyncio.run(play(Path("trader.db")))
    one = next(c for c in figures.cells if c.state.decisions)
    code, printed, _ = run("--store", "trader.db", "--cell", one.cell.cell_id[:8])
    text = " ".join(printed.split())
    assert code == 0
    for part in (one.cell.cell_id, one.cell.rule, one.gate.batch.digest, one.wanting):
        assert part in text
    rows = [line.split() for line in printed.splitlines() if line.strip().startswith("2026-")]
    assert [row[2] for row in rows] == [str(n) for n in range(1, len(HIGHS) + 1)]
    assert rows[-1][3:] == [str(one.state.decisions), plain_e(one.skill), plain_e(one.money)]


def test_as_json_it_has_the_shape_of_the_api(run: Any) -> None:
    figures = asyncio.run(play(Path("trader.db")))
    one = next(c for c in figures.cells if c.state.decisions)
    found = json.loads(run("--store", "trader.db", "--json")[1])
    assert found["cells"] == len(figures.cells) > len(found["by_cell"])
    alone = json.loads(run("--store", "trader.db", "--json", "--cell", one.cell.cell_id)[1])
    (cell,) = alone["by_cell"]
    assert (cell["skill_e"], cell["money_e"]) == (one.skill, one.money)
    assert cell["series"]["skill_e"][-1] == one.skill
    assert len(cell["series"]["at"]) == len(HIGHS)


def test_the_settings_store_is_read_where_none_is_named(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = asyncio.run(play(Path("mine.db")))
    monkeypatch.setenv("STORE_PATH", "mine.db")
    monkeypatch.setenv("SANDBOX_URL", "http://127.0.0.1:9")
    _, printed, _ = run()
    assert printed.split()[0] == "SYNTHETIC"
    assert figures.text in " ".join(printed.split())


@pytest.mark.parametrize("version", [0, 3])
def test_a_store_without_evidence_says_so_in_one_sentence(run: Any, version: int) -> None:
    asyncio.run(SqliteStore("trader.db", "paper").close())
    if version:  # one that an older program wrote, and none has brought forward
        with sqlite3.connect("trader.db") as db:
            db.execute("DROP TABLE current")
            db.execute(f"PRAGMA user_version = {version}")
    code, printed, err = run("--store", "trader.db")
    assert (code, err) == (0, "")
    assert " ".join(printed.split()) == (
        "No cell is registered yet: evidence begins with a trader's first cycle."
    )


def test_a_batch_that_was_changed_since_is_said_and_ends_with_an_error(run: Any) -> None:
    asyncio.run(play(Path("trader.db")))
    asyncio.run(changed(OPEN[0]))
    code, printed, _ = run("--store", "trader.db")
    assert code == 1
    assert "batch 0 is not what was registered" in printed


async def changed(store: SqliteStore) -> None:
    """Take a cell out of the first batch, behind the trader's back."""
    (first, *_) = await store.current(CellBatch)
    body = to_json(replace(first, cells=first.cells[1:]))
    with sqlite3.connect(store.path) as db:
        db.execute("UPDATE current SET body = ? WHERE subject = '000000'", (body,))


@pytest.mark.parametrize(
    ("arguments", "ends_with", "sentence"),
    [
        (("--store", "none.db"), 3, "none.db: no such store"),
        (("--store", "trader.db", "--cell", "zz"), 2, "no cell begins with 'zz'"),
    ],
)
def test_an_error_is_one_sentence(
    run: Any, arguments: tuple[str, ...], ends_with: int, sentence: str
) -> None:
    asyncio.run(SqliteStore("trader.db", "paper").close())
    code, _, err = run(*arguments)
    assert code == ends_with
    assert sentence in " ".join(err.split())
