"""What must agree once a scenario has come to rest, to the last digit."""

from decimal import Decimal
from typing import Any

from kalshi_edge.domain.market import MarketStatus
from kalshi_edge.domain.orders import Side
from kalshi_edge.units import ZERO
from kalshi_sandbox.exchange.venue.accounts import Account
from tests.simulation.invariants import Witness
from tests.simulation.records import day_differences, profit_differences


async def differences(witness: Witness, trader: Any) -> list[str]:
    """Where ledger and exchange do not agree, to the last digit."""
    found: list[str] = []

    def compare(what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            found.append(f"{what}: ours {ours}, the exchange's {theirs}")

    account, tracker = witness.account, trader.engine.account.tracker
    trades = await witness.store.trades()
    flows = sum((t.received - t.paid - t.fees for t in trades), ZERO)
    await witness.read()
    found += day_differences(await witness.store.daily_records(), trades, witness.flows)
    if trader.simulated is not None:
        ledger = trader.simulated.ledger
        compare("cash on paper", tracker.cash, ledger.cash)
        compare("cash by the store", witness.settings.starting_balance + flows, ledger.cash)
        held = {t: n for t, n in ledger.positions.items() if n}
        compare("positions on paper", _held(tracker.open_trades()), held)
        return found
    moved = witness.flows.total
    compare("cash that no list explains", witness.flows.unlisted, witness.unlisted)
    compare("paid in, by the journal", witness.paid_in, account.deposited + moved)
    compare("cash", tracker.cash, account.cash)
    compare("cash by the store", account.deposited + moved + flows, account.cash)
    compare("positions", _held(tracker.open_trades()), _positions(account))
    compare("positions by the store", _held(trades), _positions(account))
    fees = sum((f.fee for f in account.fills), ZERO)
    compare("fees", sum((t.fees for t in trades), ZERO), fees)
    fills = {fill.trade.trade_id for fill in account.fills}
    compare("fills", set(await witness.store.fill_ids()) ^ fills, set())
    if not witness.is_taken_over():
        found += profit_differences(account, trades)
    found += await _order_differences(witness)
    return found


def left_over(account: Account) -> list[str]:
    """What still rests, and what is still held though the books pay for it."""
    found = [
        f"{order.market.ticker}: {order.side} {order.remaining} still rests"
        for order in account.all_resting()
        if order.market.status is MarketStatus.ACTIVE
    ]
    for position in account.positions.values():
        market = position.market
        offers = market.depth[Side.BUY if position.count > 0 else Side.SELL]
        if position.count and offers and market.status is MarketStatus.ACTIVE:
            found.append(f"{market.ticker}: {position.count} still held, and the book pays")
    return found


async def _order_differences(witness: Witness) -> list[str]:
    found, account = [], witness.account
    stored = {order.intent.intent_id: order for order in await witness.store.orders()}
    theirs = {o.client_order_id or o.order_id: o for o in account.orders.values()}
    # One by hand that was over before anybody looked, and never traded, is nobody's business.
    matters = {
        name
        for name, order in theirs.items()
        if order.client_order_id or order.filled or order.status == "resting"
    }
    found += [f"order {name[:8]} is unknown to the store" for name in matters - stored.keys()]
    for name, order in stored.items():
        their = theirs.get(name)
        filled = ZERO if their is None else their.filled
        rests = their is not None and their.status == "resting"
        if order.filled != filled or order.is_live is not rests:
            word = "nothing" if their is None else f"{their.status}, {filled} filled"
            found.append(
                f"order {name[:8]} is {order.state}, {order.filled} filled;"
                f" the exchange says {word}"
            )
    return found


def _held(trades: Any) -> dict[str, Decimal]:
    held: dict[str, Decimal] = {}
    for trade in trades:
        if trade.is_open:
            signed = trade.open_count if trade.side is Side.BUY else -trade.open_count
            held[trade.ticker] = held.get(trade.ticker, ZERO) + signed
    return {ticker: count for ticker, count in held.items() if count}


def _positions(account: Account) -> dict[str, Decimal]:
    return {p.market.ticker: p.count for p in account.positions.values() if p.count}
