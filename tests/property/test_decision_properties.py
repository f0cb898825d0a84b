"""Decisions of one cycle over any quotes: what is approved fits together, and is best first."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.choices import FeeGate
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.domain.verdicts import Approved, Refused
from kalshi_edge.trading.decision import decisions
from kalshi_edge.trading.edge import Gates
from kalshi_edge.trading.fees import most_taker_fee
from kalshi_edge.trading.outlook import Outlook
from kalshi_edge.trading.playbook import Limits, Playbook
from tests.support.builders import DAY, NOW, book, ladder, outlook, situation

D = Decimal
quotes = st.tuples(st.integers(4, 97), st.integers(1, 15), st.decimals("0.01", "400", places=2))
playbooks = st.builds(
    Playbook,
    gates=st.builds(
        Gates,
        fee_gate=st.sampled_from(FeeGate),
        min_edge=st.sampled_from([0.01, 0.05]),
        max_edge=st.just(0.9),
    ),
    limits=st.builds(Limits, contract_step=st.sampled_from([D(1), D("0.01")])),
    strategies=st.sets(st.sampled_from([Strategy.SINGLE, Strategy.BRACKET]), min_size=1).map(
        frozenset
    ),
)


@st.composite
def outlooks(draw: st.DrawFn) -> list[Outlook]:
    """Ladders of some cities and days with any quotes."""
    found = []
    for city in draw(st.lists(st.sampled_from(["NYC", "CHI", "LA"]), min_size=1, unique=True)):
        for days in draw(st.sampled_from([(0,), (1,), (0, 1)])):
            whole = ladder(city, DAY + timedelta(days=days))
            books = {}
            for market in whole.markets:
                ask, spread, depth = draw(quotes)
                bids = [(D(ask - spread) / 100, depth)] if ask > spread else []
                books[market.ticker] = book(market.ticker, bids, [(D(ask) / 100, depth)])
            seen = outlook(mu_f=draw(st.floats(48, 60)), sigma_f=draw(st.floats(1, 4)))
            found.append(replace(seen, ladder=whole, books=books))
    return found


balances = st.decimals("0", "100000", places=4)


@given(outlooks(), playbooks, balances, st.integers(0, 10))
def test_what_is_approved_fits_the_account_the_book_and_the_gates(
    seen: list[Outlook], playbook: Playbook, balance: Decimal, held: int
) -> None:
    limits = playbook.limits
    before = situation(
        bankroll=balance, free_cash=balance, holders={f"T{n}": f"city {n}" for n in range(held)}
    )
    verdicts = decisions(seen, before, playbook, "paper")
    evs = [v.opportunity.ev if isinstance(v, Approved) else v.subject.ev for v in verdicts]  # type: ignore[union-attr]
    assert evs == sorted(evs, reverse=True)
    assert all(v.failures for v in verdicts if isinstance(v, Refused))

    books = {ticker: one for each in seen for ticker, one in each.books.items()}
    intents = [i for v in verdicts if isinstance(v, Approved) for i in v.intents]
    tickers = [i.ticker for i in intents]
    assert len(tickers) == len(set(tickers)) <= limits.max_positions - held
    assert len({i.intent_id for i in intents}) == len(intents)
    for intent in intents:
        best = books[intent.ticker].asks[0]
        assert limits.contract_step <= intent.count <= best.count
        assert intent.count % limits.contract_step == 0
        assert intent.limit_price == best.price
        fee = most_taker_fee(best.price, intent.count, ladder().fee_rule, NOW)
        assert intent.cost_limit == best.price * intent.count + fee
    for key in {(i.city, i.climate_day) for i in intents}:
        spent = sum(i.cost_limit for i in intents if (i.city, i.climate_day) == key)
        assert spent <= D("0.03") * balance
    for city in {i.city for i in intents}:
        assert sum(i.city == city for i in intents) <= limits.max_city_positions
    for verdict in verdicts:
        if isinstance(verdict, Approved):
            assert verdict.opportunity is not None
            assert verdict.opportunity.strategy in playbook.strategies
            assert len({i.count for i in verdict.intents}) == 1
            assert [i.ticker for i in verdict.intents] == [
                leg.ticker for leg in verdict.opportunity.legs
            ]


@given(outlooks(), st.data())
def test_decisions_do_not_depend_on_the_order_of_ladders(
    seen: list[Outlook], data: st.DataObject
) -> None:
    shuffled, playbook = data.draw(st.permutations(seen)), Playbook()
    assert decisions(seen, situation(), playbook, "m") == decisions(
        shuffled, situation(), playbook, "m"
    )
