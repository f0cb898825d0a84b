"""The terminal's view shows what the journal says, and says when it is SYNTHETIC."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import orjson
import pytest
from rich.console import Console

from kalshi_edge.console.live_view import Dashboard
from kalshi_edge.data.source_status import PollOutcome, SourceStatus
from kalshi_edge.domain.events import CycleDue
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Side, Strategy
from kalshi_edge.domain.records import Switch, SwitchState, Trade
from kalshi_edge.domain.verdicts import Alarm, CycleDone
from kalshi_edge.runtime.cycle_log import cycle_summary
from tests.support.builders import DAY, NOW, TICKER, fill, intent

DONE = CycleDone(
    NOW, (), ("KXHIGHNY-26NOV22: no forecast of NBP",), 1, 7, Decimal(900), Decimal(950)
)


def shown(dashboard: Dashboard, width: int = 80) -> str:
    console = Console(width=width, record=True, file=StringIO())
    console.print(dashboard.render())
    return console.export_text()


def entry(*verdicts: Any, events: Any = (), seq: int = 1) -> JournalEntry:
    return JournalEntry(seq, NOW, events or (CycleDue(NOW),), verdicts)


def test_a_new_screen_waits_and_a_synthetic_one_says_so() -> None:
    text = shown(Dashboard("demo", is_synthetic=True))
    assert "SYNTHETIC" in text
    assert "waiting for the first cycle" in text
    assert "SYNTHETIC" not in shown(Dashboard("paper", is_synthetic=False))


def test_a_cycle_shows_cash_and_equity() -> None:
    dashboard = Dashboard("paper", is_synthetic=False)
    dashboard.publish(entry(DONE))
    text = shown(dashboard)
    assert "cash $900.00" in text
    assert "equity $950.00" in text
    assert "cycle 1" in text


@pytest.mark.parametrize("width", [80, 160])
def test_an_order_that_fills_and_loses_is_told_step_by_step(width: int) -> None:
    dashboard = Dashboard("paper", is_synthetic=False)
    trade = Trade(
        "t", "paper", Strategy.SINGLE, TICKER, "NYC", DAY, NOW,
        count=Decimal("3.12"), open_count=Decimal("3.12"), paid=Decimal("1.2480"), fair=0.5,
    )  # fmt: skip
    dashboard.publish(
        entry(trade, events=(fill(intent(count="3.12"), "3.12", "0.4000", "0.0524"),))
    )
    text = shown(dashboard, width)
    assert f"{TICKER} bought 3.12 at $0.40, fee $0.0524" in text
    assert "$0.4000" in text

    lost = Trade(
        "t", "paper", Strategy.SINGLE, TICKER, "NYC", DAY, NOW,
        count=Decimal("3.12"), paid=Decimal("1.2480"), fees=Decimal("0.0524"), closed_at=NOW,
        settled_value=Decimal(0),
    )  # fmt: skip
    dashboard.publish(entry(lost, seq=2))
    text = shown(dashboard, width)
    assert f"{TICKER} closed with -$1.3004" in text
    assert "closed 1 trades, 0 won, -$1.30" in text


def test_a_halt_and_an_alarm_stand_out() -> None:
    dashboard = Dashboard("live", is_synthetic=False)
    halt = Switch(SwitchState.HALT, "day loss $51.00 is over $50.00", NOW, NOW + timedelta(hours=8))
    dashboard.publish(entry(halt, Alarm("settlement_differs", "paid $1, report says 54 °F")))
    text = shown(dashboard)
    assert "kill switch HALT" in text
    assert "day loss $51.00 is over $50.00" in text
    assert "paid $1, report says 54 °F" in text


def test_only_a_cycle_has_a_summary_line_and_it_is_one_line_of_json() -> None:
    assert cycle_summary(entry(Alarm("a", "b"))) is None
    line = cycle_summary(entry(DONE))
    assert line is not None
    assert b"\n" not in line
    said = orjson.loads(line)
    assert (said["approved"], said["refused"], said["cash"]) == (1, 7, "900")


def down(name: str, error: str, outcome: PollOutcome = PollOutcome.DOWN) -> SourceStatus:
    return SourceStatus(name, outcome, NOW, None, None, True, None, error, NOW, 0, 0)


NOTHING = replace(DONE, skipped=())
MARKETS = down("markets", "GET /series/KXHIGHNY: name not known")
SKIPPED = replace(NOTHING, skipped=("A: no forecast", "B: no forecast", "C: terms", "D: terms"))


@pytest.mark.parametrize(
    ("done", "sources", "why"),
    [
        (DONE, [MARKETS], "KXHIGHNY-26NOV22: no forecast of NBP"),
        (NOTHING, [], "no open market is known"),
        (NOTHING, [down("NBP", "x"), MARKETS], "no markets: GET /series/KXHIGHNY: name not known"),
        (SKIPPED, [], "A: no forecast; B: no forecast; C: terms; and 1 more"),
        (SKIPPED, [MARKETS, down("NBP", "away")],
         "A: no forecast; B: no forecast; C: terms; and 1 more (NBP: away)"),
        (NOTHING, [down("markets", "made good", PollOutcome.UNCHANGED)], "no open market is known"),
    ],
)  # fmt: skip
def test_a_cycle_without_ladders_gives_its_reason(
    done: CycleDone, sources: list[SourceStatus], why: str
) -> None:
    line = cycle_summary(entry(done), sources)
    assert line is not None
    assert orjson.loads(line).get("reason", "") == why


def test_the_screen_gives_the_reason_too() -> None:
    dashboard = Dashboard("paper", is_synthetic=False)
    assert "0 ladders" not in shown(dashboard)
    dashboard.publish(entry(NOTHING))
    assert "0 ladders: no open market is known" in shown(dashboard)


def test_a_sale_is_called_a_sale_and_told_again_it_is_no_news() -> None:
    dashboard = Dashboard("paper", is_synthetic=False)
    trade = Trade(
        "t", "paper", Strategy.SINGLE, TICKER, "NYC", DAY, NOW,
        count=Decimal(5), open_count=Decimal(3), paid=Decimal(2),
    )  # fmt: skip
    sale = fill(intent(side=Side.SELL), "2.00", "0.35")
    dashboard.publish(entry(trade, events=(sale,)))
    dashboard.publish(entry(DONE, seq=2, events=(sale, CycleDue(NOW))))
    assert shown(dashboard).count(f"{TICKER} sold 2 at $0.35") == 1
