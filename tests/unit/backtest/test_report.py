"""The page stands alone, escapes what it is told, and shows the summary's own figures."""

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from kalshi_edge.backtest.report import Played, months, report_html
from kalshi_edge.backtest.run import Record
from kalshi_edge.backtest.summary import summary
from kalshi_edge.backtest.wording import honest_sentence
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.orders import Strategy
from tests.support.backtest_records import (
    FIRST,
    day_record,
    invented_climate,
    opportunity,
    record,
    trade,
)
from tests.support.markup import Tags


def traded() -> Record:
    found = invented_climate(60, seed=5)
    found.days.extend(day_record(FIRST + timedelta(days=i), str(1000 - i)) for i in range(20))
    found.refusals.update({"net_edge": 1234})
    found.skipped.add("KXHIGHNY-24MAR02: no forecast of <NBM>")
    for each in (
        trade("a", paid="3", received="10", fees="0.15"),
        trade("b", paid="2", received="0", fees="0.12", day=FIRST + timedelta(days=31)),
        trade("c", paid="2", received="0", strategy=Strategy.BRACKET, bracket_id="x"),
        trade("d", paid="2", received="0", open_count=Decimal(10), fair=None, edge=None),
    ):
        found.trades[each.trade_id] = each
    return found


def html(of: Record) -> str:
    return report_html([Played(of, summary(of))])


def several() -> str:
    """Two models' backtests on one page."""
    found = summary(traded())
    others = [replace(found, question=replace(found.question, model=m)) for m in ("seed", "emos")]
    return report_html([Played(traded(), one) for one in others])


def test_several_backtests_share_a_page_and_no_name() -> None:
    page = several()
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    assert len(tags.ids) == len(set(tags.ids))
    assert set(tags.references) <= set(tags.ids)
    named = re.findall(r'aria-labelledby="([^"]+)"', page)
    assert {name for names in named for name in names.split()} <= set(tags.ids)
    for model in ("seed", "emos"):
        assert page.index(f'class="verdict">Model {model}') < page.index('id="comparison"')
    assert page.count("+$2.73") >= 4  # beside one another, and each by itself


def test_the_page_asks_for_nothing_from_anywhere() -> None:
    page = html(traded())
    assert not re.search(r"https?://|src=|<script|<link|@import|url\((?!#)", page)


def test_the_page_is_whole_and_names_nothing_twice() -> None:
    tags = Tags()
    tags.feed(html(traded()))
    tags.close()
    assert tags.open == []
    assert len(tags.ids) == len(set(tags.ids))


def test_every_table_and_chart_has_a_name() -> None:
    page = html(traded())
    tags = Tags()
    tags.feed(page)
    named = re.findall(r'aria-labelledby="([^"]+)"', page)
    assert len(named) >= page.count("<table") + page.count("<svg")
    assert {name for names in named for name in names.split()} <= set(tags.ids)
    assert page.count("<th scope=") == page.count("<th ")
    assert '<html lang="en">' in page


def test_the_sentence_stands_before_every_figure() -> None:
    a_record = traded()
    page = html(a_record)
    sentence = honest_sentence(summary(a_record)).replace("'", "&#39;")
    assert 0 < page.index(sentence) < page.index("<dl")


def test_the_figures_are_those_of_the_summary() -> None:
    a_record = traded()
    page = html(a_record)
    assert "+$2.73" in page  # 6.85 − 2.12 − 2.00
    row = summary(a_record).scores[0].rows[0]
    assert f"{row.model:.4f}" in page
    assert "1,234" in page
    assert "1 open trade is in no line of the table" in page


def test_whatever_comes_from_outside_is_escaped() -> None:
    evil = '<img src=x onerror="alert(1)">'
    a_record = traded()
    a_record.trades["e"] = replace(
        trade("e", paid="1", received="0"), city=evil, ticker=f"KXHIGHNY-24MAR01-{evil}"
    )
    a_record.views[evil, FIRST] = replace(next(iter(a_record.views.values())), model=evil)
    page = html(a_record)
    assert "<img" not in page
    assert "no forecast of &lt;NBM&gt;" in page


def test_the_same_record_gives_the_same_page() -> None:
    assert html(traded()) == html(traded())


def test_a_record_without_anything_still_makes_a_page() -> None:
    page = html(record())
    assert "nothing was bought and settled" in page
    assert "<svg" not in page


def test_trades_are_listed_by_month_with_their_bins() -> None:
    bought = trade("B52.5", paid="3.3", received="10", fees="0.15")
    unknown = trade("B54.5", paid="2", received="0", day=FIRST + timedelta(days=40))
    seen = opportunity(FIRST, Bin(52, 53), 0.4, "0.30", "0.33")
    seen = replace(seen, legs=(replace(seen.legs[0], ticker=bought.ticker),))
    found = months(
        record(trades=[unknown, bought], opportunities=[seen], highs={("NYC", FIRST): 53})
    )
    assert [(month.name, month.pnl) for month in found] == [
        ("2024-03", Decimal("6.55")),
        ("2024-04", Decimal(-2)),
    ]
    first, second = found[0].rows[0], found[1].rows[0]
    assert (first.bin, first.high_f, first.price) == ("52–53°", 53, Decimal("0.33"))
    assert (second.bin, second.high_f) == ("B54.5", None)
