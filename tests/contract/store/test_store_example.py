"""The example in the documentation does what it says."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.records import Trade
from tests.contract.store.test_store_contract import TRADE, line

ROOT = Path(__file__).resolve().parents[3]
D = Decimal


def test_the_documented_example_compares_the_strategies_of_a_day(tmp_path: Path) -> None:
    day = date(2026, 11, 22)
    won = replace(TRADE, climate_day=day, paid=D("1.00"), received=D("3.00"), fees=D("0.02"))
    trades = [
        replace(won, trade_id="a", strategy=Strategy.SINGLE),
        replace(won, trade_id="b", strategy=Strategy.SINGLE, received=D(0)),
        replace(won, trade_id="c", strategy=Strategy.BRACKET, bracket_id="x"),
        replace(won, trade_id="open", strategy=Strategy.BRACKET, open_count=D(3)),
        replace(won, trade_id="else", climate_day=date(2026, 11, 23)),
    ]
    asyncio.run(_written(tmp_path / "trades.db", trades))
    text = (ROOT / "docs" / "concepts" / "store.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    said = subprocess.run(
        [sys.executable, "-c", example],
        env={**os.environ, "STORE_PATH": str(tmp_path / "trades.db"), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split("\n")[:2] == ["single 2 0.96", "bracket 1 1.98"]


async def _written(path: Path, trades: Sequence[Trade]) -> None:
    async with SqliteStore(path, "paper") as store:
        await store.append(line(1, *trades))
