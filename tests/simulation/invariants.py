"""What must hold, looked at from the exchange's side and from the store's, never from the core's.

Some of it at every instant: whenever an order leaves, and whenever the exchange's books on us
change. The rest once a scenario has come to rest.
"""

import asyncio
import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx

from kalshi_edge.config import Settings
from kalshi_edge.domain.orders import Order, OrderState, Side
from kalshi_edge.domain.records import Switch, SwitchState
from kalshi_edge.domain.verdicts import Approved, CashFlow
from kalshi_sandbox.exchange.venue.accounts import Account, VenueFill, VenueOrder
from kalshi_sandbox.exchange.venue.events import (
    CashChanged,
    Filled,
    OrderChanged,
    PositionChanged,
    VenueChange,
)
from kalshi_sandbox.exchange.venue.records import VenueMarket
from tests.simulation.process_life import Life

ZERO = Decimal(0)
NEWS_MAY_TAKE = timedelta(hours=1)
"""How old our idea of the account's size may be when an order arrives."""
CENT = Decimal("0.01")


@dataclass
class Witness:
    """Sees every order leave and arrive, and keeps its own account of what we hold."""

    account: Account
    store: Any
    """A connection of its own."""
    settings: Settings
    now: Callable[[], datetime]
    tell: Callable[[str], None]
    lives: Callable[[], int]
    """How many processes run."""
    violations: list[str] = field(default_factory=list)
    is_violated: asyncio.Event = field(default_factory=asyncio.Event)
    counts: Counter[str] = field(default_factory=Counter)
    _approved: set[str] = field(default_factory=set)
    _read_seq: int = 0
    _sent: dict[str, Order] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _held: Counter[str] = field(default_factory=Counter)
    _fees: dict[str, Decimal] = field(default_factory=dict)
    _bankrolls: deque[tuple[datetime, Decimal]] = field(default_factory=deque)
    _halted_sends: Counter[datetime] = field(default_factory=Counter)
    _touched: set[str] = field(default_factory=set)
    """Markets in which the owner traded by hand: what we hold there is no longer ours alone."""
    _days: set[tuple[str, date]] = field(default_factory=set)
    """Cities and climate days of those markets."""

    def touch(self, market: VenueMarket) -> None:
        """The owner trades in ``market``."""
        self._touched.add(market.ticker)
        self._days.add((market.event.series.station.city, market.event.day))

    def __post_init__(self) -> None:
        self._bankrolls.append((self.now(), self.account.cash))

    def violated(self, what: str) -> None:
        """Note that something was not as it must be, once."""
        if what not in self.violations:
            self.violations.append(what)
            self.is_violated.set()
            self.tell(f"VIOLATION: {what}")

    # --- when an order leaves -------------------------------------------------------------------

    async def sent(self, life: Life, request: httpx.Request) -> None:
        """An order is on its way to the exchange: it must be stored, approved and allowed."""
        if request.method != "POST" or not request.url.path.endswith("/portfolio/events/orders"):
            return
        body = json.loads(request.content)
        name, self.counts["orders sent"] = body["client_order_id"], self.counts["orders sent"] + 1
        self.tell(
            f"life {life.number} sends {name[:8]}: {body['side']} {body['count']}"
            f" {body['ticker']} at {body['price']}"
        )
        stored = {order.intent.intent_id: order for order in await self.store.orders()}
        order = stored.get(name)
        if order is None:
            self.violated(f"order {name[:8]} in {body['ticker']} was sent and is not in the store")
            return
        if order.state is OrderState.NEW:
            self.violated(f"order {name[:8]} was sent, and the store has it as never sent")
        if Decimal(body["count"]) > order.intent.count:
            self.violated(f"order {name[:8]} was sent for more than was intended")
        self._sent[name] = order
        await self._was_approved(name)
        if not order.intent.reduces:
            await self._is_let_through(life, name)

    async def _was_approved(self, name: str) -> None:
        for entry in await self.store.journal(self._read_seq):
            self._read_seq = entry.seq
            for verdict in entry.verdicts:
                if isinstance(verdict, Approved):
                    self._approved |= {intent.intent_id for intent in verdict.intents}
                if isinstance(verdict, Switch):
                    self.counts[f"switch: {verdict.state}"] += 1
        if name not in self._approved:
            self.violated(f"order {name[:8]} was sent, and risk never approved it")

    async def _is_let_through(self, life: Life, name: str) -> None:
        at = life.clock.now()
        switch = await self.store.switch(at)
        if switch.state is SwitchState.RUN or (switch.until_at and at >= switch.until_at):
            return
        self._halted_sends[switch.since_at] += 1
        # One may be on its way while another process throws the switch.
        if self._halted_sends[switch.since_at] > (1 if self.lives() > 1 else 0):
            self.violated(f"order {name[:8]} was sent, and the switch is at {switch.state}")

    # --- when the exchange's books on us change ---------------------------------------------------

    def hear(self, news: VenueChange) -> None:
        """Look at what the exchange just did."""
        match news:
            case OrderChanged(order) if order.account is self.account:
                self._order(order)
            case Filled(fill) if fill.order.account is self.account:
                self._order(fill.order)
                self._fill(fill)
            case CashChanged(account) if account is self.account:
                self._measure()
            case PositionChanged(account, position) if account is self.account:
                if position.is_settled:
                    self._held.pop(position.market.ticker, None)
                    self._fees.pop(position.market.ticker, None)
                self._measure()

    def _order(self, order: VenueOrder) -> None:
        if order.order_id not in self._seen:
            self._seen.add(order.order_id)
            self.counts["orders accepted"] += 1
            self._accepted(order)

    def _accepted(self, order: VenueOrder) -> None:
        name, market = order.client_order_id, order.market
        sent = self._sent.get(name)
        if not name:
            self.counts["orders by hand"] += 1
        elif sent is None:
            self.violated(f"the exchange has order {name[:8]}, unknown to the store")
        elif not sent.intent.reduces and market.ticker not in self._touched:
            others = [o for o in self.account.resting_in(market).values() if o is not order]
            if self._held[market.ticker] or others:
                self.violated(f"order {name[:8]}: a second entry into {market.ticker}")

    def _fill(self, fill: VenueFill) -> None:
        ticker, side = fill.order.market.ticker, fill.order.side
        self.counts["fills"] += 1
        sign = 1 if side is Side.BUY else -1
        self._held[ticker] += sign * fill.trade.count
        self._fees[ticker] = self._fees.get(ticker, ZERO) + fill.fee
        if not self._held[ticker]:
            del self._held[ticker], self._fees[ticker]
        self._measure()
        sent = self._sent.get(fill.order.client_order_id)
        if sent is not None and not sent.intent.reduces:
            self._within_limits(fill.order.market)
        if self._held[ticker] < 0 and ticker not in self._touched:
            self.violated(f"{ticker}: {self._held[ticker]} contracts: sold what we did not hold")

    def _measure(self) -> None:
        cost = sum((p.cost for p in self.account.positions.values()), ZERO)
        now = self.now()
        self._bankrolls.append((now, self.account.cash + cost))
        while len(self._bankrolls) > 1 and self._bankrolls[1][0] < now - NEWS_MAY_TAKE:
            self._bankrolls.popleft()

    def _within_limits(self, market: VenueMarket) -> None:
        settings, city = self.settings, market.event.series.station.city
        if self._touched:
            return  # the owner's own orders count too, and no limit holds them
        taken = self._places()
        if len(taken) > settings.max_open_positions:
            self.violated(f"{len(taken)} positions, {settings.max_open_positions} allowed")
        here = sum(1 for place in taken.values() if place[0] == city)
        if here > settings.max_city_positions:
            self.violated(f"{here} positions in {city}, {settings.max_city_positions} allowed")
        exposed = self._exposure(city, market.event.day)
        bankroll = max(size for _, size in self._bankrolls)
        limit = settings.max_city_day_share * bankroll
        if exposed > limit:
            self.violated(f"{city} {market.event.day}: ${exposed} at risk, ${limit} allowed")

    def _places(self) -> dict[str, tuple[str, date]]:
        """Markets in which we hold something, or might by an order that rests."""
        resting = [o.market for o in self.account.all_resting() if not o.asked.reduce_only]
        held = [p.market for p in self.account.positions.values() if p.count]
        return {m.ticker: (m.event.series.station.city, m.event.day) for m in (*held, *resting)}

    def _exposure(self, city: str, day: date) -> Decimal:
        exposed = ZERO
        for ticker, place in self._places().items():
            if place == (city, day):
                position = self.account.positions.get(ticker)
                exposed += ZERO if position is None else position.cost
                exposed += self._fees.get(ticker, ZERO)
        return exposed

    # --- once all has come to rest ----------------------------------------------------------------

    async def differences(self, trader: Any) -> list[str]:
        """Where ledger and exchange do not agree, to the last digit."""
        found: list[str] = []

        def compare(what: str, ours: object, theirs: object) -> None:
            if ours != theirs:
                found.append(f"{what}: ours {ours}, the exchange's {theirs}")

        account, tracker = self.account, trader.engine.account.tracker
        trades = await self.store.trades()
        flows = sum((t.received - t.paid - t.fees for t in trades), ZERO)
        found += await self._day_differences(trades)
        if trader.simulated is not None:
            ledger = trader.simulated.ledger
            compare("cash on paper", tracker.cash, ledger.cash)
            compare("cash by the store", self.settings.starting_balance + flows, ledger.cash)
            held = {t: n for t, n in ledger.positions.items() if n}
            compare("positions on paper", _held(tracker.open_trades()), held)
            return found
        moved = await self._cash_moved()
        compare("cash", tracker.cash, account.cash)
        compare("cash by the store", account.deposited + moved + flows, account.cash)
        compare("positions", _held(tracker.open_trades()), _positions(account))
        compare("positions by the store", _held(trades), _positions(account))
        fees = sum((f.fee for f in account.fills), ZERO)
        compare("fees", sum((t.fees for t in trades), ZERO), fees)
        fills = {fill.trade.trade_id for fill in account.fills}
        compare("fills", set(await self.store.fill_ids()) ^ fills, set())
        found += await self._order_differences()
        return found

    async def _cash_moved(self) -> Decimal:
        """Dollars that came or left without a trade, by the journal."""
        lines = await self.store.journal(kinds=(CashFlow,))
        flows = (v for line in lines for v in line.verdicts if isinstance(v, CashFlow))
        return sum((flow.amount for flow in flows), ZERO)

    async def _day_differences(self, trades: Any) -> list[str]:
        """Days follow each other, and each closed trade is in exactly one day's record."""
        found, days = [], await self.store.daily_records()
        for before, after in pairwise(days):
            if after.day != before.day + timedelta(days=1):
                found.append(f"no record between {before.day} and {after.day}")
            if after.opening_balance != before.closing_balance:
                found.append(f"{after.day} opens at {after.opening_balance}: another balance")
        last = days[-1].day if days else date.min
        over = [t for t in trades if t.pnl is not None and t.closed_at.date() <= last]
        told, made = sum((d.realised for d in days), ZERO), sum((t.pnl for t in over), ZERO)
        if told != made:
            found.append(f"the days' records tell of ${told}, closed trades of ${made}")
        return found

    async def _order_differences(self) -> list[str]:
        found, account = [], self.account
        stored = {order.intent.intent_id: order for order in await self.store.orders()}
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
