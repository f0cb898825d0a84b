"""What is printed fits its width and says the same at any; JSON holds the same figures."""

import json
import re
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from kalshi_edge.backtest.run import Record
from kalshi_edge.backtest.summary import summary
from kalshi_edge.backtest.terminal import as_json, backtest_panel
from kalshi_edge.backtest.wording import cents, dollars, honest_sentence
from tests.support.backtest_records import invented_climate, record, trade


def busy() -> Record:
    """Figures as wide as they get."""
    found = invented_climate(120, seed=11)
    found.refusals.update({"net_edge": 123_456, "combined_probability": 99_999, "ev": 1})
    for i, (_, day) in enumerate(list(found.views)[:80]):
        each = trade(
            f"t{i}", paid="8000", received="0", fees="123.45", count=20_000, fair=0.7, day=day
        )
        found.trades[each.trade_id] = each
    return found


def printed(of: Record, width: int) -> str:
    out = StringIO()
    Console(width=width, file=out, force_terminal=False, color_system=None).print(
        backtest_panel(summary(of))
    )
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 100, 160, 200])
def test_nothing_is_cut_off_and_nothing_runs_over(width: int) -> None:
    text = printed(busy(), width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert "…" not in text


def test_wide_and_narrow_say_the_same() -> None:
    narrow, wide = (printed(busy(), width) for width in (80, 160))
    figures = [sorted(re.findall(r"[+−$]*\d[\d,.]*\d", text)) for text in (narrow, wide)]
    assert figures[0] == figures[1]
    assert len(wide.splitlines()) < len(narrow.splitlines())


def test_the_sentence_and_the_profit_are_there() -> None:
    found = summary(busy())
    text = " ".join(printed(busy(), 160).replace("│", " ").split())
    assert honest_sentence(found) in text
    assert dollars(found.total.performance.pnl) in text
    assert all(cents(bucket.came.mean) in text for bucket in found.priced)


def test_a_bar_points_where_the_money_went() -> None:
    lines = printed(busy(), 80).splitlines()
    # All trades are in one bucket: claimed above zero, lost all.
    bar = next(line for line in lines if "◇" in line and "█" in line)
    assert bar.index("█") < bar.index("│") < bar.index("◇")


def test_a_record_without_anything_is_still_told() -> None:
    text = printed(record(), 80)
    assert "Nothing was bought and settled" in text
    assert "refused nothing" in text


def test_json_holds_the_same_figures_with_money_as_text() -> None:
    found = summary(busy())
    told = json.loads(as_json(found))
    assert told["sentence"] == honest_sentence(found)
    total = told["summary"]["lines"][0]
    assert total["performance"]["pnl"] == str(found.total.performance.pnl)
    assert total["per_contract"]["mean"] == found.total.per_contract.mean  # type: ignore[union-attr]
    assert told["summary"]["question"]["first_day"] == "2024-03-01"
    assert told["summary"]["scores"][0]["rows"][0]["score"] == "Brier"
    assert told["summary"]["priced"][0]["came"]["days"] == found.priced[0].came.days
