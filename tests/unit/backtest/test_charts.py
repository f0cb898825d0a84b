"""Charts that say what they show, stay within their page and are the same every time."""

import re
from datetime import timedelta

import pytest
from markupsafe import escape

from kalshi_edge.backtest.charts import (
    INK,
    VARIABLES,
    Chart,
    claims_chart,
    cumulative_chart,
    equity_chart,
    pit_chart,
    reliability_chart,
)
from kalshi_edge.backtest.summary import summary
from kalshi_edge.domain.orders import Strategy
from tests.support.backtest_records import FIRST, day_record, invented_climate, trade
from tests.support.markup import Tags

INVENTED = invented_climate(60, seed=5)
INVENTED.days.extend(
    day_record(FIRST + timedelta(days=i), str(1000 - 3 * i + 20 * (i == 7))) for i in range(40)
)
TRADES = [
    trade("a", paid="3", received="10"),
    trade("b", paid="3", received="0", day=FIRST + timedelta(days=3)),
    trade("c", paid="2", received="0", city="CHI", strategy=Strategy.BRACKET),
]
SUMMARY = summary(INVENTED)


def charts() -> list[Chart]:
    found = [
        equity_chart(SUMMARY.equity, SUMMARY.drawdown),
        cumulative_chart(TRADES),
        reliability_chart(SUMMARY.model_reliability, SUMMARY.market_reliability),
        pit_chart(SUMMARY.pit),
        claims_chart("priced", "Everything priced", SUMMARY.priced),
    ]
    return [chart for chart in found if chart is not None]


def test_the_same_figures_give_the_same_bytes() -> None:
    assert len(charts()) == 5
    assert [chart.svg for chart in charts()] == [chart.svg for chart in charts()]


def test_on_one_page_no_id_is_used_twice_and_none_is_missing() -> None:
    tags = Tags()
    for chart in charts():
        tags.feed(chart.svg)
    tags.close()
    assert tags.open == []
    assert len(tags.ids) == len(set(tags.ids))
    assert set(tags.references) <= set(tags.ids)


def test_colours_are_the_pages_own_and_nothing_is_fetched() -> None:
    for chart in charts():
        assert not re.search("|".join(VARIABLES), chart.svg)
        assert INK not in chart.svg
        assert not re.search(r"https?:|<style|<image|@import", chart.svg)


def test_a_chart_says_in_words_what_it_shows() -> None:
    equity, cumulative, reliability, pit, claims = charts()
    assert equity.alt == (
        "Equity from $1,000.00 on 2024-03-01 to $883.00 on 2024-04-09;"
        " deepest fall $117.00, 11.7 % of the peak."
    )
    assert "bracket CHI −$2.00; single NYC +$4.00" in cumulative.alt
    assert "classes lie outside the band" in reliability.alt
    assert pit.alt.count("%") == 10
    assert f"n {SUMMARY.priced[0].claims}" in claims.alt
    for chart in charts():
        assert f">{escape(chart.title)}</title>" in chart.svg
        assert 'role="img"' in chart.svg


def test_words_are_escaped() -> None:
    chart = claims_chart("x", "<script>", SUMMARY.priced)
    assert chart is not None
    assert "<script>" not in chart.svg
    assert "&lt;script&gt;" in chart.svg


@pytest.mark.parametrize(
    "chart",
    [
        equity_chart(SUMMARY.equity[:1], SUMMARY.drawdown),
        cumulative_chart([]),
        reliability_chart([], []),
        pit_chart(None),
        claims_chart("none", "None", []),
    ],
)
def test_without_figures_there_is_no_chart(chart: Chart | None) -> None:
    assert chart is None
