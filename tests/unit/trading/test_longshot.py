"""Longshots: NO of open-ended bins while their YES is bid for a few cents on the day before."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from kalshi_edge.domain.orders import Side, Strategy
from kalshi_edge.domain.verdicts import Approved, Refused
from kalshi_edge.trading.decision import decisions
from kalshi_edge.trading.fees import most_taker_fee
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.playbook import LongshotRule, Playbook
from tests.support.builders import DAY, EVENT, book, ladder, outlook, situation

D = Decimal
LONGSHOTS = Playbook(strategies=frozenset({Strategy.LONGSHOT}))
TAIL, BOUNDED = f"{EVENT}-T57", f"{EVENT}-B54.5"
START_AT = ladder().station.day_start(DAY)


def seen(bid: str = "0.03", *, before: timedelta = timedelta(hours=9)) -> Outlook:
    at = START_AT - before
    one = outlook({"B54.5": "0.30"})
    books = {
        ticker: book(ticker, [(bid, 400)], [(str(D(bid) + D("0.02")), 400)], at)
        for ticker in (TAIL, BOUNDED)
    }
    return replace(one, at=at, books=books)


def decided(one: Outlook, playbook: Playbook = LONGSHOTS) -> dict[str, Approved | Refused]:
    verdicts = decisions([one], situation(at=one.at), playbook, "paper")
    subjects = (v.opportunity if isinstance(v, Approved) else v.subject for v in verdicts)
    return {s.legs[0].ticker: v for s, v in zip(subjects, verdicts, strict=True)}  # type: ignore[union-attr]


def test_no_of_an_open_ended_bin_is_bought_at_the_bid_within_its_own_cap() -> None:
    verdict = decided(seen())[TAIL]
    assert isinstance(verdict, Approved)
    (one,) = verdict.intents
    # half a percent of $1000 at 97 ¢ and a fee of 0.2 ¢: five contracts
    assert (one.side, one.limit_price, one.count) == (Side.SELL, D("0.03"), D(5))
    fee = most_taker_fee(D("0.97"), D(5), ladder().fee_rule, one.created_at)
    assert one.cost_limit == D("4.85") + fee
    assert one.strategy is Strategy.LONGSHOT


def test_only_open_ended_bins_are_looked_at() -> None:
    assert set(decided(seen())) == {f"{EVENT}-T50", TAIL}


@pytest.mark.parametrize(
    ("bid", "before", "rules"),
    [
        ("0.01", timedelta(hours=12), set()),
        ("0.04", timedelta(minutes=1), set()),
        ("0.05", timedelta(hours=9), {"longshot_bid"}),
        ("0.03", timedelta(hours=12, minutes=1), {"day_before"}),
        ("0.03", timedelta(0), {"day_before"}),
        ("0.03", -timedelta(hours=1), {"day_before"}),
    ],
)
def test_price_and_hour_are_what_makes_a_longshot(
    bid: str, before: timedelta, rules: set[str]
) -> None:
    verdict = decided(seen(bid, before=before))[TAIL]
    failed = set() if isinstance(verdict, Approved) else {one.rule for one in verdict.failures}
    assert failed == rules


def test_the_cap_is_a_setting() -> None:
    more = replace(LONGSHOTS, longshot=LongshotRule(share=D("0.02")))
    verdict = decided(seen(), more)[TAIL]
    assert isinstance(verdict, Approved)
    assert verdict.intents[0].count == 20
