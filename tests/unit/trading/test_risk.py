"""Risk, rule by rule: exactly at each limit, all failing rules, and what is never stopped."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from kalshi_edge.domain.events import Close, ClosePosition
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.orders import Order, OrderStep, Side, Strategy
from kalshi_edge.domain.records import Switch, SwitchState, Trade
from kalshi_edge.domain.verdicts import Approved, Check, Leg, Opportunity, Refused
from kalshi_edge.portfolio.account import Account, pending_cost
from kalshi_edge.trading.playbook import Limits
from kalshi_edge.trading.risk import Reviews, review_close
from kalshi_edge.trading.situation import Situation
from kalshi_edge.trading.situation import situation as situation_of
from tests.support.builders import DAY, NOW, TICKER, book, fill, intent, situation

D = Decimal
LIMITS = Limits()
RUN = Switch(SwitchState.RUN, "never thrown", NOW)
BY_HAND = Switch(SwitchState.HALT, "by hand", NOW)


def closed(command: ClosePosition, account: Account) -> tuple[Approved | Refused, ...]:
    """The verdicts where nothing is known of the market but its ticker."""
    return review_close(command, account, lambda _: None)


def opportunity(*tickers: str, city: str = "NYC", checks: tuple[Check, ...] = ()) -> Opportunity:
    legs = tuple(Leg(t, Bin(52, 53), 0.4, D("0.31"), D("0.33"), 0.07, 0.06, 0.05) for t in tickers)
    strategy = Strategy.SINGLE if len(tickers) == 1 else Strategy.BRACKET
    return Opportunity(strategy, city, DAY, legs, checks)


def verdict(
    *tickers: str, cost: str = "10", limits: Limits = LIMITS, **account: object
) -> Approved | Refused:
    """What risk says to buying ``tickers`` for ``cost`` dollars each."""
    names = tickers or (TICKER,)
    intents = tuple(intent(name, cost_limit=D(cost)) for name in names)
    return Reviews(situation(**account), limits).review(opportunity(*names), intents)


def failures(given: Approved | Refused) -> list[str]:
    return [] if isinstance(given, Approved) else [check.rule for check in given.failures]


def holders(count: int, city: str = "CHI") -> dict[str, str]:
    return {f"{city}-{number}": city for number in range(count)}


def held(**changes: object) -> Trade:
    whole = Trade(
        "t", "paper", Strategy.SINGLE, TICKER, "NYC", DAY, NOW,
        count=D(10), open_count=D(10), paid=D("3.30"), fees=D("0.16"),
    )  # fmt: skip
    return replace(whole, **changes)


# --- limits on new risk ---------------------------------------------------------------------------


def test_nothing_stands_against_a_first_trade() -> None:
    given = verdict()
    assert isinstance(given, Approved)
    assert all(check.passed for check in given.checks)


@pytest.mark.parametrize(
    ("already", "legs", "rules"),
    [
        (9, 1, []),
        (10, 1, ["open_positions"]),
        (8, 2, []),
        (9, 2, ["open_positions"]),
        (11, 1, ["open_positions"]),
    ],
)
def test_ten_positions_may_be_open(already: int, legs: int, rules: list[str]) -> None:
    spread = {f"T{n}": f"city {n // 2}" for n in range(already)}
    assert failures(verdict(*[f"N{n}" for n in range(legs)], holders=spread)) == rules


@pytest.mark.parametrize(
    ("already", "legs", "rules"),
    [(1, 1, []), (2, 1, ["city_positions"]), (0, 2, []), (1, 2, ["city_positions"])],
)
def test_two_positions_may_be_open_in_a_city(already: int, legs: int, rules: list[str]) -> None:
    names = [f"N{n}" for n in range(legs)]
    assert failures(verdict(*names, holders=holders(already, "NYC"))) == rules


def test_a_ticker_is_entered_once() -> None:
    assert failures(verdict(TICKER, holders={TICKER: "NYC"})) == ["no_second_entry"]
    both = verdict(TICKER, "OTHER", holders={"OTHER": "NYC"})
    assert failures(both) == ["no_second_entry", "city_positions"]


@pytest.mark.parametrize(
    ("cost", "spent", "rules"),
    [
        ("30", "0", []),
        ("30.0001", "0", ["city_budget"]),
        ("20", "10", []),
        ("20.0001", "10", ["city_budget"]),
        ("0.0001", "30", ["city_budget"]),
        ("0.0001", "31", ["city_budget"]),
    ],
)
def test_three_percent_of_the_balance_goes_into_a_citys_climate_day(
    cost: str, spent: str, rules: list[str]
) -> None:
    assert failures(verdict(cost=cost, exposure={("NYC", DAY): D(spent)})) == rules


def test_another_citys_or_days_exposure_is_its_own() -> None:
    elsewhere = {("CHI", DAY): D(30), ("NYC", DAY + timedelta(days=1)): D(30)}
    assert failures(verdict(cost="30", exposure=elsewhere)) == []


def test_cash_that_is_not_there_is_not_spent() -> None:
    given = verdict(cost="10", free_cash=D("9.99"))
    assert failures(given) == ["city_budget", "cash"]


def test_every_rule_that_says_no_is_kept_with_its_figure_and_its_limit() -> None:
    bad = opportunity(TICKER, checks=(Check("spread", False, "$0.20", "≤ $0.12"),))
    account = situation(
        switch=BY_HAND,
        holders={TICKER: "NYC", **holders(9), "X": "NYC"},
        free_cash=D(1),
        exposure={("NYC", DAY): D(29)},
    )
    given = Reviews(account, LIMITS).review(bad, (intent(cost_limit=D(10)),))
    assert failures(given) == [
        "spread", "kill_switch", "no_second_entry", "open_positions", "city_positions",
        "city_budget", "cash",
    ]  # fmt: skip
    told = {check.rule: (check.figure, check.limit) for check in given.checks}
    assert told["kill_switch"] == ("by hand", "run")
    assert told["open_positions"] == ("12", "≤ 10")
    assert told["city_budget"] == ("$10.0000", "≤ $1.0000")
    assert told["no_second_entry"] == (TICKER, "none held")


def test_nothing_to_buy_is_refused_even_where_all_else_passes() -> None:
    given = Reviews(situation(), LIMITS).review(opportunity(TICKER), ())
    assert failures(given) == ["size"]


def test_what_is_asked_once_for_many_is_what_each_would_be_told() -> None:
    account = situation(holders={"A": "NYC", "X": "CHI"}, exposure={("NYC", DAY): D(29)})
    asked = (
        opportunity("A"),
        opportunity("B"),
        opportunity("C"),
        opportunity("B", "C"),
        opportunity("A", "B"),
        opportunity("B", city="CHI"),
    )
    together = Reviews(account, LIMITS)
    twice = [together.review(one, ()) for one in (*asked, *asked)]
    assert twice == [Reviews(account, LIMITS).review(one, ()) for one in (*asked, *asked)]
    bought = together.review(opportunity("B", city="MIA"), (intent("B", city="MIA"),))
    assert isinstance(bought, Approved)
    after = account.after(bought, D(1))
    again = together.after(bought, D(1))
    assert [again.review(one, ()) for one in asked] == [
        Reviews(after, LIMITS).review(one, ()) for one in asked
    ]


def test_a_bracket_with_one_leg_sized_is_refused_whole() -> None:
    given = Reviews(situation(), LIMITS).review(opportunity("A", "B"), (intent("A"),))
    assert failures(given) == ["size"]


def test_an_approval_counts_against_the_next_at_once() -> None:
    legs = (intent("A", cost_limit=D(10)), intent("B", cost_limit=D(12)))
    first = Reviews(situation(), LIMITS).review(opportunity("A", "B"), legs)
    assert isinstance(first, Approved)
    after = situation().after(first)
    assert after.free_cash == D(978)
    assert after.exposure == {("NYC", DAY): D(22)}
    assert after.holders == {"A": "NYC", "B": "NYC"}
    assert after.budget("NYC", DAY, LIMITS) == D(8)


# --- what the account looks like to risk ----------------------------------------------------------


def account_with(*orders: Order, trades: tuple[Trade, ...] = ()) -> Account:
    return Account("paper", D(1000), trades=trades, orders=orders)


def test_orders_on_their_way_count_as_if_they_had_filled() -> None:
    resting = Order(intent(count=10, price="0.33", cost_limit=D("3.50"))).step(OrderStep.SEND)
    seen = situation_of(account_with(resting), RUN, {}, NOW)
    assert seen.exposure == {("NYC", DAY): D("3.50")}
    assert seen.holders == {TICKER: "NYC"}
    assert (seen.free_cash, seen.bankroll) == (D("996.50"), D(1000))


@pytest.mark.parametrize("step", [OrderStep.SEND, OrderStep.LOSE, OrderStep.ACCEPT])
def test_an_order_of_unknown_outcome_blocks_its_market(step: OrderStep) -> None:
    order = Order(intent()).step(OrderStep.SEND)
    order = order if step is OrderStep.SEND else order.step(step)
    assert TICKER in situation_of(account_with(order), RUN, {}, NOW).holders


def test_a_refused_order_blocks_nothing() -> None:
    over = Order(intent(cost_limit=D(5))).step(OrderStep.SEND).step(OrderStep.FINISH)
    seen = situation_of(account_with(over), RUN, {}, NOW)
    assert (seen.holders, seen.exposure, seen.free_cash) == ({}, {}, D(1000))


def test_a_partial_fill_counts_what_is_held_and_what_may_still_come() -> None:
    wanted = intent(count=10, price="0.33", cost_limit=D("3.50"))
    account = account_with(Order(wanted).step(OrderStep.SEND))
    account.fill(fill(wanted, 4, "0.32", "0.06"))
    seen = situation_of(account, RUN, {}, NOW)
    # 4 · 0.32 + 0.06 spent, 6/10 of 3.50 to come
    assert seen.exposure == {("NYC", DAY): D("1.28") + D("0.06") + D("2.10")}
    assert seen.free_cash == D("998.66") - D("2.10")
    assert pending_cost(account.orders[wanted.intent_id]) == D("2.10")


def test_an_order_that_owes_a_reported_fill_still_counts_for_it() -> None:
    wanted = intent(count=10, price="0.33", cost_limit=D("3.50"))
    order = Order(wanted).step(OrderStep.SEND).step(OrderStep.FINISH, reported=D(4))
    seen = situation_of(account_with(order), RUN, {}, NOW)
    assert seen.exposure == {("NYC", DAY): D("1.40")}
    assert seen.holders == {TICKER: "NYC"}


def test_selling_adds_nothing_to_what_is_at_risk() -> None:
    sale = Order(intent(side=Side.SELL, trade_id="t", reduces=True)).step(OrderStep.SEND)
    seen = situation_of(account_with(sale, trades=(held(),)), RUN, {}, NOW)
    assert seen.exposure == {("NYC", DAY): D("3.46")}
    assert seen.holders == {TICKER: "NYC"}


@pytest.mark.parametrize(
    ("bids", "bankroll"),
    [
        # paid 3.30 and a fee of 0.16: cash is 996.54
        ([("0.90", 100)], "999.84"),  # a gain on paper is no bankroll
        ([("0.10", 100)], "997.54"),  # a loss on paper is
        ([], "996.54"),
    ],
)
def test_the_bankroll_is_the_smaller_of_cost_and_proceeds(
    bids: list[tuple[str, int]], bankroll: str
) -> None:
    books = {TICKER: book(TICKER, bids, [("0.95", 1)])}
    assert situation_of(account_with(trades=(held(),)), RUN, books, NOW).bankroll == D(bankroll)


def test_a_closed_trade_is_no_risk() -> None:
    closed = held(open_count=D(0), received=D(4), closed_at=NOW)
    seen = situation_of(account_with(trades=(closed,)), RUN, {}, NOW)
    assert (seen.holders, seen.exposure) == ({}, {})


# --- leaving --------------------------------------------------------------------------------------


def close(count: str = "10", price: str = "0.30") -> ClosePosition:
    return ClosePosition("t", D(count), D(price), NOW)


def on_sale(count: str) -> Order:
    sale = intent(side=Side.SELL, count=count, price="0.30", trade_id="t", reduces=True)
    return Order(sale).step(OrderStep.SEND)


def test_a_position_is_sold_by_an_order_that_only_reduces() -> None:
    (given,) = closed(close(), account_with(trades=(held(bracket_id="b"),)))
    assert isinstance(given, Approved)
    (order,) = given.intents
    assert (order.side, order.reduces, order.by_hand, order.trade_id) == (
        Side.SELL, True, True, "t",
    )  # fmt: skip
    assert (order.count, order.limit_price, order.cost_limit) == (D(10), D("0.30"), D(0))
    assert (order.bracket_id, given.opportunity) == ("b", None)


def test_a_no_position_is_closed_by_buying() -> None:
    (given,) = closed(close(), account_with(trades=(held(side=Side.SELL),)))
    assert isinstance(given, Approved)
    assert given.intents[0].side is Side.BUY


@pytest.mark.parametrize(
    ("count", "already", "rules"),
    [
        ("10", None, []),
        ("10.01", None, ["held"]),
        ("4", "6", []),
        ("4.01", "6", ["held"]),
        ("0", None, ["held"]),
        ("-1", None, ["held"]),
    ],
)
def test_no_more_is_sold_than_is_held_and_not_on_sale(
    count: str, already: str | None, rules: list[str]
) -> None:
    orders = () if already is None else (on_sale(already),)
    (given,) = closed(close(count), account_with(*orders, trades=(held(),)))
    assert failures(given) == rules


@pytest.mark.parametrize("price", ["0", "1", "-0.1", "1.5"])
def test_a_price_that_cannot_be_is_refused(price: str) -> None:
    (given,) = closed(close(price=price), account_with(trades=(held(),)))
    assert failures(given) == ["price"]


def test_a_position_we_do_not_have_cannot_be_sold() -> None:
    (given,) = closed(close(), account_with())
    assert failures(given) == ["held"]
    (given,) = closed(close("1"), account_with(trades=(held(open_count=D(0)),)))
    assert failures(given) == ["held"]


def test_the_same_command_is_the_same_order_and_another_moment_another() -> None:
    account, later = account_with(trades=(held(),)), NOW + timedelta(seconds=1)

    def order_of(command: ClosePosition) -> str:
        (given,) = closed(command, account)
        assert isinstance(given, Approved)
        return given.intents[0].intent_id

    assert order_of(close()) != order_of(replace(close(), received_at=later))
    named = replace(close(), command_id="w1")
    assert order_of(named) == order_of(replace(named, received_at=later))
    assert order_of(named) != order_of(replace(named, command_id="w2"))


def test_a_brackets_legs_are_sold_together_or_not_at_all() -> None:
    legs = (held(bracket_id="b"), held(trade_id="u", bracket_id="b", ticker="OTHER"))
    account = account_with(trades=legs)
    (given,) = closed(close(), account)
    assert failures(given) == ["structure"]
    both = replace(close(), others=(Close("u", D(10), D("0.25")),))
    first, second = closed(both, account)
    assert isinstance(first, Approved)
    assert isinstance(second, Approved)
    assert [(i.trade_id, i.limit_price) for i in (*first.intents, *second.intents)] == [
        ("t", D("0.30")), ("u", D("0.25")),
    ]  # fmt: skip
    too_much = replace(close(), others=(Close("u", D(11), D("0.25")),))
    assert [failures(verdict) for verdict in closed(too_much, account)] == [["held"]]


def test_a_budget_is_never_negative() -> None:
    broke = Situation(NOW, RUN, D(-5), D(-5), {}, {})
    assert broke.budget("NYC", DAY, LIMITS) == 0
    assert situation(exposure={("NYC", DAY): D(50)}).budget("NYC", DAY, LIMITS) == 0
