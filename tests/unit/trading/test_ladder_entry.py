"""Whole ladders: what is bought of either side, what is held counted, and what may hold it back."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from kalshi_edge.choices import ForecastModel, Sizing
from kalshi_edge.domain.evidence_cells import Stage
from kalshi_edge.domain.orders import Side, Strategy
from kalshi_edge.domain.verdicts import Approved, Check, Refused
from kalshi_edge.models.ladder_kelly import ladder_stakes
from kalshi_edge.models.ladder_offers import LadderBudget, offers
from kalshi_edge.trading.decision import decisions
from kalshi_edge.trading.fees import model_fee, most_taker_fee
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.playbook import Limits, Playbook
from kalshi_edge.trading.situation import Contracts
from kalshi_edge.units import ONE
from tests.support.builders import EVENT, NOW, ladder, outlook, quotes, situation

D = Decimal
NAMES = ("T50", "B50.5", "B52.5", "B54.5", "B56.5", "T57")
ASKS = {
    "T50": "0.08", "B50.5": "0.20", "B52.5": "0.30", "B54.5": "0.27", "B56.5": "0.16",
    "T57": "0.08",
}  # fmt: skip
WORTH = (0.04, 0.10, 0.30, 0.36, 0.16, 0.04)
"""B54.5 is cheap, B50.5 and T50 are dear."""
JOINT = Playbook(model=ForecastModel.POSTERIOR, sizing=Sizing.JOINT)
TICKER = {name: f"{EVENT}-{name}" for name in NAMES}


def seen(worth: tuple[float, ...] | None = WORTH, **changes: object) -> Outlook:
    return replace(outlook(ASKS), said=worth, **changes)


def decided(
    one: Outlook | None = None, playbook: Playbook = JOINT, **account: object
) -> Approved | Refused:
    verdicts = decisions([one or seen()], situation(**account), playbook, "paper")
    (verdict,) = verdicts
    return verdict


def bought(verdict: Approved | Refused) -> dict[tuple[str, Side, Decimal], Decimal]:
    assert isinstance(verdict, Approved)
    return {(one.ticker, one.side, one.limit_price): one.count for one in verdict.intents}


def failures(verdict: Approved | Refused) -> set[str]:
    assert isinstance(verdict, Refused)
    return {check.rule for check in verdict.failures}


def test_cheap_bins_are_bought_as_yes_and_dear_ones_as_no() -> None:
    verdict = decided()
    sides = {ticker: side for ticker, side, _ in bought(verdict)}
    assert sides[TICKER["B54.5"]] is Side.BUY
    assert sides[TICKER["B50.5"]] is Side.SELL
    assert isinstance(verdict, Approved)
    for one in verdict.intents:
        assert one.strategy is Strategy.LADDER
        assert (one.bracket_id, one.reduces) == (None, False)
        own = one.limit_price if one.side is Side.BUY else ONE - one.limit_price
        worth = WORTH[[*TICKER.values()].index(one.ticker)]
        assert one.fair == pytest.approx(worth if one.side is Side.BUY else 1 - worth)
        fee = most_taker_fee(own, one.count, ladder().fee_rule, NOW)
        assert one.cost_limit == own * one.count + fee


def test_the_orders_are_the_stakes_of_the_joint_optimum() -> None:
    one, rule = seen(), ladder().fee_rule
    books = [one.books[ticker] for ticker in TICKER.values()]
    offered = offers(
        books,
        lambda _, price, count: model_fee(price, count, rule, is_taker=True),
        least=D("0.05"),
        most=D("0.95"),
    )
    budget = LadderBudget(equity=D(1000), cash=D(1000), loss=D(30))
    stakes = ladder_stakes(WORTH, offered, budget, lambda _, p, n: most_taker_fee(p, n, rule, NOW))
    wanted = {(x.offer.ticker, x.offer.side, x.offer.level): x.count for x in stakes.purchases}
    assert bought(decided(one)) == wanted


def test_in_no_bin_more_is_lost_than_a_citys_share() -> None:
    verdict = decided()
    assert isinstance(verdict, Approved)
    cost = sum(one.cost_limit for one in verdict.intents)
    for won in TICKER.values():
        pays = sum(
            one.count for one in verdict.intents if (one.ticker == won) is (one.side is Side.BUY)
        )
        assert cost - pays <= D(30)
    (loss,) = (check for check in verdict.checks if check.rule == "ladder_loss")
    assert loss.passed


def test_what_is_held_counts_and_a_ladder_may_be_added_to_up_to_its_target() -> None:
    first = bought(decided())
    held = tuple(
        Contracts(ticker, side, count, count * (level if side is Side.BUY else ONE - level), False)
        for (ticker, side, level), count in first.items()
    )
    again = decided(
        contracts=held,
        holders={one.ticker: "NYC" for one in held},
        ladders={one.ticker: ("NYC", seen().ladder.climate_day) for one in held},
        free_cash=D(970),
    )
    added = sum(bought(again).values()) if isinstance(again, Approved) else D(0)
    assert added < sum(first.values()) / 4


def test_a_ladder_is_one_position_however_many_bins_of_it_are_held() -> None:
    key = ("NYC", seen().ladder.climate_day)
    held = {TICKER[name]: "NYC" for name in NAMES[:4]}
    full = replace(JOINT, limits=Limits(max_positions=1, max_city_positions=1))
    assert isinstance(
        decided(playbook=full, holders=held, ladders=dict.fromkeys(held, key)), Approved
    )
    elsewhere = failures(decided(playbook=full, holders={"OTHER": "CHI"}))
    assert elsewhere == {"open_positions"}


def test_nothing_is_added_while_an_order_is_not_answered() -> None:
    assert failures(decided(unanswered=frozenset({TICKER["T57"]}))) == {"answered"}


def test_wide_and_old_books_are_left_out_and_the_rest_is_traded() -> None:
    books = dict(seen().books)
    cheap = books[TICKER["B54.5"]]
    books[TICKER["B54.5"]] = replace(cheap, valid_at=NOW - timedelta(hours=1))
    tickers = {ticker for ticker, _, _ in bought(decided(seen(books=books)))}
    assert TICKER["B54.5"] not in tickers
    assert TICKER["B50.5"] in tickers
    stale = {t: replace(b, valid_at=NOW - timedelta(hours=1)) for t, b in seen().books.items()}
    assert failures(decided(seen(books=stale))) == {"quoted_bins", "size"}


def test_without_a_posterior_nothing_is_bought_and_the_reason_is_kept() -> None:
    why = Check("coherent", False, "bids sum to 1.2", "a coherent ladder")
    assert failures(decided(seen(checks=(why,)))) == {"coherent", "size"}


def test_prices_as_they_are_worth_buy_nothing() -> None:
    found = quotes(ASKS)
    mids = [float(found[t].bid + found[t].ask) / 2 for t in TICKER.values()]  # type: ignore[operator]
    fair = tuple(mid / sum(mids) for mid in mids)
    assert failures(decided(seen(fair))) == {"size"}


def test_stages_and_the_order_group_take_the_same_part_of_everything() -> None:
    whole = bought(decided())
    quarter = decisions([seen()], situation(), JOINT, "live", lambda *_: Stage.QUARTER)
    assert bought(quarter[0]) == {key: count // 4 for key, count in whole.items() if count >= 4}
    one = decisions([seen()], situation(), JOINT, "live", lambda *_: Stage.ONE_CONTRACT)
    assert sum(bought(one[0]).values()) == 1
    none = decisions([seen()], situation(), JOINT, "live", lambda *_: Stage.SHADOW)
    assert failures(none[0]) == {"stage", "size"}
    small = replace(JOINT, limits=Limits(burst_contracts=21))
    assert sum(bought(decided(playbook=small)).values()) <= 20


def test_a_live_order_counts_as_filled_for_the_target() -> None:
    key = (TICKER["B54.5"], Side.BUY, D("0.27"))
    live = Contracts(TICKER["B54.5"], Side.BUY, D(60), D("16.30"), True)
    assert (
        bought(decided(contracts=(live,), free_cash=D(984))).get(key, D(0)) < bought(decided())[key]
    )


@pytest.mark.parametrize(
    ("count", "is_live", "reason"),
    [
        (D(100), True, "on order: it may stay unfilled, so that its $70 of a win cover nothing"),
        (D(0), False, "lost already, by contracts that others of the ladder closed"),
    ],
)
def test_what_may_be_lost_is_used_up_by_orders_and_by_losses_taken(
    count: Decimal, is_live: bool, reason: str
) -> None:
    used = Contracts(TICKER["B54.5"], Side.BUY, count, D("29.50"), is_live)
    verdict = decided(contracts=(used,), free_cash=D(970))
    intents = verdict.intents if isinstance(verdict, Approved) else ()
    for won in TICKER.values():
        if is_live and won == TICKER["B54.5"]:
            continue
        losses = (
            max(
                one.cost_limit
                - (one.count if (one.ticker == won) is (one.side is Side.BUY) else 0),
                D(0),
            )
            for one in intents
        )
        assert sum(losses) <= D("0.50"), reason
