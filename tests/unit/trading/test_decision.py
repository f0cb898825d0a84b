"""A cycle's decisions over one ladder: what is bought, how much, in which order, and why not.

μ = 54 °F, σ = 2 °F: the bins 50–51, 52–53, 54–55, 56–57 are worth .0934, .2956, .3721, .1866.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from kalshi_edge.domain.orders import Side, Strategy, TimeInForce
from kalshi_edge.domain.verdicts import Approved, Check, Refused
from kalshi_edge.trading.decision import decisions, opportunities
from kalshi_edge.trading.fees import most_taker_fee
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.playbook import Limits, Playbook
from tests.support.builders import DAY, EVENT, NOW, book, ladder, levels, outlook, quotes, situation

D = Decimal
SINGLES = Playbook(strategies=frozenset({Strategy.SINGLE}))
BRACKETS = Playbook(strategies=frozenset({Strategy.BRACKET}))
BOTH = Playbook()


def decided(
    outlooks: Outlook | list[Outlook], playbook: Playbook = BOTH, **account: object
) -> tuple[list[Approved], list[Refused]]:
    """Approvals and refusals, each in order of decision."""
    given = outlooks if isinstance(outlooks, list) else [outlooks]
    verdicts = decisions(given, situation(**account), playbook, "paper")
    return (
        [v for v in verdicts if isinstance(v, Approved)],
        [v for v in verdicts if isinstance(v, Refused)],
    )


def rules(refused: Refused) -> set[str]:
    return {check.rule for check in refused.failures}


def test_a_single_is_bought_at_the_ask_within_the_citys_budget() -> None:
    ((bought,), refused) = decided(outlook({"B54.5": "0.25"}), SINGLES)
    (intent,) = bought.intents
    # f* = (0.3721 − 0.263125) / 0.736875 = 0.1479; a quarter of it is $36.97, over 3 % of $1000:
    # 30 / 0.263125 = 114.01, but only 100 stand at the ask
    assert (intent.count, intent.limit_price, intent.side) == (D(100), D("0.25"), Side.BUY)
    assert intent.cost_limit == D("25") + most_taker_fee(D("0.25"), D(100), ladder().fee_rule, NOW)
    assert intent.cost_limit == D("26.3126")
    assert intent.time_in_force is TimeInForce.IMMEDIATE_OR_CANCEL
    assert (intent.strategy, intent.bracket_id, intent.reduces) == (Strategy.SINGLE, None, False)
    assert (intent.ticker, intent.city, intent.climate_day) == (f"{EVENT}-B54.5", "NYC", DAY)
    assert intent.fair == pytest.approx(0.37208, abs=1e-5)
    assert intent.edge == pytest.approx(0.08208, abs=1e-5)
    assert len(refused) == 5


def test_the_budget_counts_the_fee_as_the_exchange_rounds_it() -> None:
    books = quotes({"B54.5": "0.25"})
    deep = {f"{EVENT}-B54.5": replace(books[f"{EVENT}-B54.5"], asks=levels([("0.25", 5000)]))}
    ((bought,), _) = decided(outlook(books=deep), SINGLES)
    (intent,) = bought.intents
    assert intent.count == 114
    assert intent.cost_limit == D("29.9964") <= D(30)


@pytest.mark.parametrize(("balance", "count"), [("7.4599", 2), ("7.4600", 3)])
def test_a_contract_that_only_the_rounding_of_the_fee_makes_too_dear_is_left(
    balance: str, count: int
) -> None:
    # 3 · 0.07 and a fee of 0.013671, counted as 0.0138: 3 % of $7.4600 are $0.2238
    money = D(balance)
    ((bought,), _) = decided(outlook({"B54.5": "0.07"}), SINGLES, bankroll=money, free_cash=money)
    assert bought.intents[0].count == count


def test_a_bracket_buys_the_same_count_of_both_legs_under_one_name() -> None:
    approved, _ = decided(outlook({"B52.5": "0.19", "B54.5": "0.26"}), BRACKETS)
    (bought,) = approved
    low, high = bought.intents
    # f* = (.66772 − .45 − .024241) / (1 − .474241) = .368; the budget rules: 30 / .474241 = 63.26
    assert low.count == high.count == D(63)
    assert low.bracket_id == high.bracket_id is not None
    assert low.intent_id != high.intent_id
    assert [leg.ticker for leg in (low, high)] == [f"{EVENT}-B52.5", f"{EVENT}-B54.5"]
    assert {leg.strategy for leg in (low, high)} == {Strategy.BRACKET}
    assert low.cost_limit + high.cost_limit <= D(30)


def test_the_thinner_leg_sets_a_brackets_count() -> None:
    seen = outlook({"B52.5": "0.19", "B54.5": "0.26"})
    thin = book(f"{EVENT}-B52.5", [("0.17", 5)], [("0.19", "7.60"), ("0.20", 500)])
    ((bought,), _) = decided(replace(seen, books={**seen.books, thin.ticker: thin}), BRACKETS)
    assert [leg.count for leg in bought.intents] == [D(7), D(7)]


@pytest.mark.parametrize("depth", ["0.99", "0.5"])
def test_where_one_contract_does_not_fit_none_is_bought(depth: str) -> None:
    thin = {f"{EVENT}-B54.5": book(f"{EVENT}-B54.5", [("0.23", 5)], [("0.25", depth)])}
    approved, refused = decided(outlook(books=thin), SINGLES)
    assert approved == []
    assert "size" in set.union(*map(rules, refused))


def test_a_bracket_that_lacks_depth_on_one_leg_buys_neither() -> None:
    seen = outlook({"B52.5": "0.19", "B54.5": "0.26"})
    thin = book(f"{EVENT}-B52.5", [("0.17", 5)], [("0.19", "0.40")])
    approved, refused = decided(replace(seen, books={**seen.books, thin.ticker: thin}), BRACKETS)
    assert approved == []
    assert rules(refused[0]) == {"size"}


def test_fractions_of_a_contract_are_a_setting() -> None:
    playbook = replace(SINGLES, limits=Limits(contract_step=D("0.01")))
    thin = {f"{EVENT}-B54.5": book(f"{EVENT}-B54.5", [("0.23", 5)], [("0.25", "0.99")])}
    ((bought,), _) = decided(outlook(books=thin), playbook)
    assert bought.intents[0].count == D("0.99")


def test_the_best_expected_value_is_decided_first_and_uses_up_the_city() -> None:
    approved, refused = decided(outlook({"B52.5": "0.19", "B54.5": "0.26"}))
    # the bracket earns more than either leg alone; its legs are then taken
    assert [one.intents[0].strategy for one in approved] == [Strategy.BRACKET]
    singles = [one for one in refused if one.subject.legs[0].ticker.endswith(("B52.5", "B54.5"))]
    assert all("no_second_entry" in rules(one) for one in singles if len(one.subject.legs) == 1)
    evs = [one.subject.ev for one in refused]
    assert evs == sorted(evs, reverse=True)


def test_two_singles_share_the_citys_budget() -> None:
    approved, _ = decided(outlook({"B52.5": "0.19", "B54.5": "0.26"}), SINGLES)
    spent = [sum(i.cost_limit for i in one.intents) for one in approved]
    assert len(spent) == 2
    assert sum(spent) <= D(30)


def test_each_climate_day_of_a_city_has_a_budget_of_its_own() -> None:
    tomorrow = DAY + timedelta(days=1)
    seen = outlook({"B54.5": "0.25"})
    next_day = replace(
        seen,
        ladder=ladder(day=tomorrow),
        books=quotes({"B54.5": "0.25"}, day=tomorrow),
    )
    approved, _ = decided([seen, next_day], SINGLES)
    assert {one.intents[0].climate_day for one in approved} == {DAY, tomorrow}
    assert sum(i.cost_limit for one in approved for i in one.intents) > D(30)


def test_the_order_in_which_ladders_are_seen_does_not_matter() -> None:
    one = outlook({"B54.5": "0.25"})
    other = replace(one, ladder=ladder("CHI"), books=quotes({"B54.5": "0.25"}, city="CHI"))
    assert decided([one, other]) == decided([other, one])


def test_the_same_cycle_has_the_same_order_ids_and_the_next_has_others() -> None:
    seen = outlook({"B54.5": "0.25"})
    later = replace(seen, at=NOW + timedelta(minutes=1))
    ids = [decided(each, SINGLES)[0][0].intents[0].intent_id for each in (seen, seen, later)]
    assert ids[0] == ids[1] != ids[2]
    live = decisions([seen], situation(), SINGLES, "live")
    assert ids[0] not in {i.intent_id for v in live if isinstance(v, Approved) for i in v.intents}


def test_a_stale_book_is_not_traded_and_says_its_age() -> None:
    limit = Limits().max_book_age
    for age, stale in ((limit, False), (limit + timedelta(seconds=1), True)):
        seen = outlook({"B54.5": "0.25"}, at=NOW + age)
        approved, refused = decided(seen, SINGLES)
        assert (approved == []) is stale
        assert any("book_age" in rules(one) for one in refused) is stale


def test_what_holds_for_the_whole_ladder_stands_before_every_opportunity() -> None:
    closed = Check("status", False, "closed", "active")
    seen = outlook({"B54.5": "0.25"}, checks=(closed,))
    assert all(one.checks[0] == closed for one in opportunities(seen, BOTH, BOTH.traded))
    approved, refused = decided(seen)
    assert approved == []
    assert all("status" in rules(one) for one in refused)


def test_a_strategy_not_in_use_is_not_looked_at() -> None:
    seen = outlook({"B52.5": "0.19", "B54.5": "0.26"})
    assert {one.strategy for one in opportunities(seen, SINGLES, SINGLES.traded)} == {
        Strategy.SINGLE
    }
    assert {one.strategy for one in opportunities(seen, BRACKETS, BRACKETS.traded)} == {
        Strategy.BRACKET
    }
    assert {one.strategy for one in opportunities(seen, BOTH, BOTH.traded)} == set(BOTH.strategies)
