"""A backtest's figures, each worked out by hand first."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kalshi_edge.backtest.money import drawdown, equity_points
from kalshi_edge.backtest.summary import summary
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.orders import Side, Strategy
from kalshi_edge.domain.records import Trade
from kalshi_edge.domain.verdicts import CycleDone, Leg, Opportunity, Refused
from kalshi_edge.portfolio.performance import Performance
from tests.support.backtest_records import FIRST, day_record, record, trade, view

BRACKET = {"strategy": Strategy.BRACKET, "bracket_id": "both"}
TRADES = (
    trade("won", paid="3.00", received="10", fees="0.15"),  # +6.85
    trade("low", count=5, paid="2.00", received="5", fees="0.09", **BRACKET),  # +2.91
    trade("high", count=5, paid="1.75", received="0", fees="0.08", **BRACKET),  # −1.83
    trade("lost", count=20, paid="2.00", received="0", fees="0.13", city="CHI"),  # −2.13
)


def long_run(pnl: list[str]) -> tuple[Trade, ...]:
    """A trade of ten contracts a day, with these results."""
    return tuple(
        trade(f"t{i}", paid="1", received=str(1 + Decimal(each)), day=FIRST + timedelta(days=i))
        for i, each in enumerate(pnl)
    )


def test_profit_adds_up_per_strategy_per_city_and_per_both() -> None:
    found = summary(record(trades=TRADES))
    assert {(x.strategy, x.city): x.performance.pnl for x in found.lines} == {
        (None, None): Decimal("5.80"),
        ("bracket", None): Decimal("1.08"),
        ("single", None): Decimal("4.72"),
        (None, "CHI"): Decimal("-2.13"),
        (None, "NYC"): Decimal("7.93"),
        ("bracket", "NYC"): Decimal("1.08"),
        ("single", "CHI"): Decimal("-2.13"),
        ("single", "NYC"): Decimal("6.85"),
    }
    assert found.total.performance == Performance(
        4, 2, 2, 0, Decimal(40), Decimal("8.75"), Decimal("0.45"), Decimal("5.80")
    )


def test_a_bracket_is_one_position_and_wins_as_a_whole() -> None:
    total = summary(record(trades=TRADES)).total
    assert (total.positions, total.won, total.win_rate) == (3, 2, 2 / 3)


def test_a_contract_counts_once_whatever_its_trade() -> None:
    found = summary(record(trades=TRADES)).total.per_contract
    assert found is not None
    # Forty contracts: bracket legs each for itself.
    assert (found.mean, found.count, found.days) == (pytest.approx(5.80 / 40), 40.0, 1)


def test_trades_that_are_still_open_are_counted_but_in_no_line() -> None:
    open_trade = trade("open", paid="3", received="0", open_count=Decimal(10))
    found = summary(record(trades=[*TRADES, open_trade]))
    assert found.open_trades == 1
    assert found.total.performance.trades == 4


def test_a_single_city_or_strategy_is_not_told_twice() -> None:
    found = summary(record(trades=TRADES[:1]))
    assert [(x.strategy, x.city) for x in found.distinct_lines] == [(None, None)]
    assert found.line(Strategy.SINGLE, "NYC") is not None


def test_thirteen_days_have_no_interval_and_fourteen_have_one() -> None:
    for days, has_one in ((13, False), (14, True)):
        found = summary(record(trades=long_run(["0.10", "-0.30"] * 7)[:days])).total.per_contract
        assert found is not None
        assert (found.days, found.low is not None) == (days, has_one)


def test_the_interval_of_a_series_of_the_same_result_is_that_result() -> None:
    found = summary(record(trades=long_run(["-0.50"] * 30))).total.per_contract
    assert found is not None
    assert (found.low, found.mean, found.high) == pytest.approx((-0.05, -0.05, -0.05))
    assert found.sign == -1


def test_days_that_resemble_their_neighbours_are_worth_fewer() -> None:
    weeks = (["0.50"] * 15 + ["-0.50"] * 15) * 2
    alternating = ["0.50", "-0.50"] * 30
    found = [summary(record(trades=long_run(days))).total for days in (weeks, alternating)]
    worth = [x.per_contract.effective_days for x in found if x.per_contract]
    # 60 days, neighbours alike 56 times and unlike 3: ρ = 53/60
    assert worth == pytest.approx([60 * 7 / 113, 60])


def test_the_same_seed_gives_the_same_summary_and_another_moves_only_intervals() -> None:
    a_record = record(trades=long_run(["0.4", "-0.2", "0.1"] * 10))
    one, same, other = (summary(a_record, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one.total.per_contract is not None
    assert other.total.per_contract is not None
    assert one.total.per_contract.mean == other.total.per_contract.mean
    assert one.total.per_contract.low != other.total.per_contract.low


# --- equity -----------------------------------------------------------------------------------


def test_the_deepest_fall_is_from_the_peak_before_it() -> None:
    closings = ("1000", "1020", "990", "1005", "950", "1000", "960")
    days = [day_record(FIRST + timedelta(days=i), each) for i, each in enumerate(closings)]
    found = summary(record(days=days))
    assert found.drawdown.dollars == Decimal(70)
    assert found.drawdown.share == pytest.approx(70 / 1020)
    assert found.drawdown.peak_day == FIRST + timedelta(days=1)
    assert found.drawdown.trough_day == FIRST + timedelta(days=4)
    assert [point.peak for point in found.equity] == [1000, *[1020] * 6]


def test_the_starting_balance_is_a_peak_too() -> None:
    points = equity_points(record(days=[day_record(FIRST, "900"), day_record(FIRST, "950")]))
    found = drawdown(points)
    assert (found.dollars, found.share, found.peak_day) == (Decimal(100), 0.1, None)


def test_an_account_that_never_falls_has_no_drawdown() -> None:
    found = summary(record(days=[day_record(FIRST, "1000"), day_record(FIRST, "1001")]))
    assert (found.drawdown.dollars, found.drawdown.share) == (0, 0.0)
    assert found.drawdown.trough_day is None


def test_years_of_learning_before_the_first_trade_are_not_in_the_curve() -> None:
    waiting = [day_record(FIRST - timedelta(days=i), "1000") for i in range(400, 0, -1)]
    found = summary(record(days=[*waiting, day_record(FIRST, "990", halts=1)]))
    assert [(p.day, p.equity) for p in found.equity] == [
        (FIRST - timedelta(days=1), 1000),
        (FIRST, 990),
    ]
    assert found.halts == 1


def test_a_position_bought_the_evening_before_is_in_the_curve() -> None:
    evening = FIRST - timedelta(days=1)
    waiting = day_record(FIRST - timedelta(days=2), "1000")
    found = summary(record(days=[waiting, day_record(evening, "997"), day_record(FIRST, "1003")]))
    assert [point.equity for point in found.equity] == [1000, 997, 1003]


# --- what was asked, what was refused ---------------------------------------------------------


def test_refusals_are_ranked_and_skipped_ladders_counted_by_reason() -> None:
    found = summary(
        record(
            refusals={"size": 3, "ev": 9, "net_edge": 3},
            skipped={
                "KXHIGHNY-24MAR01: no forecast of NBM",
                "KXHIGHNY-24MAR02: no forecast of NBM",
                "KXHIGHCHI-24MAR02: fee type flat",
            },
        )
    )
    assert found.refusals == (("ev", 9), ("net_edge", 3), ("size", 3))
    assert found.skipped == (("no forecast of NBM", 2), ("fee type flat", 1))


def test_the_models_are_named_with_the_version_in_force() -> None:
    quiet = (0.25,) * 4
    found = summary(
        record(
            views=[
                view(date(2023, 1, 10), quiet),
                view(date(2023, 1, 20), quiet),
                view(date(2023, 1, 21), quiet),
                view(date(2023, 1, 20), quiet, city="CHI", model="GFSMOS"),
            ]
        )
    )
    assert found.models == (("NBM 4.1", 2), ("GFSMOS", 1), ("NBM 4.0", 1))
    # Run at noon UTC; the climate day begins at 05:00 UTC in New York, 06:00 in Chicago.
    assert found.lead_h == 17.0


def test_the_settings_are_those_in_force_not_those_asked_for() -> None:
    settings = dict(summary(record()).question.settings)
    assert settings["max_forecast_age"] == "1 day, 0:00:00"
    assert settings["min_edge"] == "0.05"
    assert settings["strategies"] == "bracket, single"


def test_a_record_without_anything_has_a_summary_without_anything() -> None:
    found = summary(record())
    assert (found.total.positions, found.total.per_contract) == (0, None)
    assert (found.scores, found.pit, found.taken, found.priced) == ((), None, (), ())


def test_ladders_without_a_known_high_are_looked_at_but_not_judged() -> None:
    views = [view(FIRST, (0.2, 0.3, 0.3, 0.2)), view(FIRST, (0.2, 0.3, 0.3, 0.2), city="CHI")]
    found = summary(record(views=views, highs={("NYC", FIRST): 52}))
    assert (found.ladders, found.ladders_with_result) == (2, 1)
    assert found.pit is not None
    assert found.pit.count == 1
    assert [error.city for error in found.forecast_errors] == ["NYC"]


def test_forecast_errors_are_high_less_forecast() -> None:
    days = [FIRST + timedelta(days=i) for i in range(3)]
    views = [view(day, (0.2, 0.3, 0.3, 0.2), mu_f=52.0, sigma_f=2.5) for day in days]
    highs = {("NYC", day): high for day, high in zip(days, (50, 53, 56), strict=True)}
    error = summary(record(views=views, highs=highs)).forecast_errors[0]
    assert error.days == 3
    assert error.mean_error_f == pytest.approx(1.0)
    assert error.rmse_f == pytest.approx((21 / 3) ** 0.5)
    assert error.mean_sigma_f == 2.5


def test_a_whole_ladder_is_one_position_whatever_it_was_made_of() -> None:
    legs = [
        trade("a", paid="2", received="10", strategy=Strategy.LADDER),
        trade("b", paid="9", received="0", strategy=Strategy.LADDER, side=Side.SELL),
        trade("c", paid="4", received="0", strategy=Strategy.LADDER, city="CHI"),
    ]
    row = summary(record(trades=legs)).total
    assert (row.positions, row.won, row.lost) == (2, 0, 1)


def test_a_longshot_does_not_stand_for_the_single_of_its_bin() -> None:
    found = record()
    seen = view(day=FIRST, market=(0.2, 0.3, 0.3, 0.2))
    bins = {
        strategy: Opportunity(strategy, seen.city, seen.climate_day, (leg,), ())
        for strategy, leg in (
            (Strategy.SINGLE, priced_leg(0.3, "0.20", "0.24")),
            (Strategy.LONGSHOT, priced_leg(0.7, "0.76", "0.80", Side.SELL)),
        )
    }
    at = station_of(seen.city).day_start(seen.climate_day)
    done = CycleDone(at, (seen,), (), 0, 2, Decimal(1000), Decimal(1000))
    refused = tuple(Refused(one, ()) for one in bins.values())
    found.publish(JournalEntry(1, at, (), (*refused, done)))
    assert set(found.opportunities) == set(bins.values())


def priced_leg(fair: float, bid: str, ask: str, side: Side = Side.BUY) -> Leg:
    return Leg("T57", Bin(57, None), fair, Decimal(bid), Decimal(ask), 0.0, 0.0, 0.0, side)
