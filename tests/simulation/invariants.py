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

from kalshi_edge.choices import Sizing
from kalshi_edge.config import Settings
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Order, OrderState, Side, Strategy
from kalshi_edge.domain.records import Cause, Switch, SwitchState
from kalshi_edge.domain.verdicts import Adopted, Alarm, Approved, CycleDone, Refused
from kalshi_sandbox.exchange.venue.accounts import Account, VenueFill, VenueOrder
from kalshi_sandbox.exchange.venue.events import (
    CashChanged,
    Filled,
    OrderChanged,
    PositionChanged,
    VenueChange,
)
from kalshi_sandbox.exchange.venue.records import VenueMarket
from tests.simulation.day_loss import DayLoss
from tests.simulation.holds import HoldsRecord
from tests.simulation.ladder_loss import worst_loss
from tests.simulation.process_life import Life
from tests.simulation.quotes import at_stake, quote_problems
from tests.simulation.records import Flows
from tests.simulation.restarts import unlike_the_journal

ZERO = Decimal(0)
NEWS_MAY_TAKE = timedelta(hours=1)
"""How old our idea of the account's size may be when an order arrives."""
CENT = Decimal("0.01")
SETTLED_IN = timedelta(minutes=2)
"""By then a process that has started knows the market's prices."""


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
    holds: HoldsRecord = field(default_factory=HoldsRecord)
    flows: Flows = field(default_factory=Flows)
    lines: list[JournalEntry] = field(default_factory=list)
    """Cycles and refusals."""
    unlisted: Decimal = ZERO
    """Dollars that came and are on no list."""
    paid_in: Decimal | None = None
    """By the journal's last line."""
    loss: DayLoss = field(init=False)
    read_seq: int = 0
    """The number of the last line that was read."""
    _approved: set[str] = field(default_factory=set)
    _sent: dict[str, Order] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)
    _held: Counter[str] = field(default_factory=Counter)
    _fees: dict[str, Decimal] = field(default_factory=dict)
    _bankrolls: deque[tuple[datetime, Decimal]] = field(default_factory=deque)
    _halted_sends: Counter[datetime] = field(default_factory=Counter)
    _touched: set[str] = field(default_factory=set)
    """Markets in which the owner traded by hand: what we hold there is no longer ours alone."""
    _over: set[str] = field(default_factory=set)
    _before: dict[str, str] = field(default_factory=dict)
    """Of a bracket's orders each but the first: which goes before it."""
    _loss_since_at: datetime | None = None
    _days: set[tuple[str, date]] = field(default_factory=set)
    """Cities and climate days of those markets."""

    def touch(self, market: VenueMarket) -> None:
        """The owner trades in ``market``."""
        self._touched.add(market.ticker)
        self._days.add((market.event.series.station.city, market.event.day))

    def __post_init__(self) -> None:
        self._bankrolls.append((self.now(), self.account.cash))
        self.loss = DayLoss(self.account, self.settings.max_day_loss_share, self.now)

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
        if self.settings.trading_mode == "paper":
            self.violated("an order was sent to the exchange, on paper")
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
        await self.read()
        if name not in self._approved:
            self.violated(f"order {name[:8]} was sent, and risk never approved it")
        self._holds_the_lease(life, name)
        self._follows(name)
        if order.intent.reduces:
            if "order_group_id" in body:
                self.violated(f"order {name[:8]} only reduces, and may be refused with its group")
        else:
            await self._is_let_through(life, name)

    async def read(self) -> None:
        """Read on in the journal: what it says must follow from what it said."""
        for line in await self.store.journal(self.read_seq):
            self.read_seq = line.seq
            self.flows.read(line)
            self.paid_in = line.paid_in
            for broken in self.holds.read(line):
                self.violated(broken)
            for verdict in line.verdicts:
                self._read_verdict(verdict)
            if any(isinstance(verdict, CycleDone | Refused) for verdict in line.verdicts):
                self.lines = [*self.lines[-50:], line]

    def _read_verdict(self, verdict: Any) -> None:
        match verdict:
            case Approved():
                self._approved |= {intent.intent_id for intent in verdict.intents}
                legs = [one.intent_id for one in verdict.intents if one.bracket_id is not None]
                self._before |= {later: first for first, later in pairwise(legs)}
            case Switch():
                self.counts[f"switch: {verdict.state}"] += 1
                self._is_due(verdict)
            case Adopted():
                name = verdict.order.intent.intent_id
                if name in self._sent:
                    self.violated(f"order {name[:8]} of ours was taken for somebody else's")
            case Alarm():
                self.counts[f"alarm: {verdict.name}"] += 1
                if verdict.name == "defect":
                    self.violated(f"the engine raised: {verdict.text}")
            case Order():
                self._followed(verdict)

    def _followed(self, order: Order) -> None:
        """An order of ours that we took for over must not turn out to rest."""
        name = order.intent.intent_id
        if order.intent.adopted:
            return  # the last word on it is the next statement's
        if order.state is OrderState.DONE:
            self._over.add(name)
        elif name in self._over and order.state in {OrderState.RESTING, OrderState.PARTIAL}:
            self.violated(f"order {name[:8]} rests, and was taken for over")

    def _is_due(self, switch: Switch) -> None:
        """A day loss that is thrown must be one by the exchange's books as well."""
        held = switch.hold(Cause.DAY_LOSS, self.now())
        if held is None or held.since_at == self._loss_since_at:
            return
        self._loss_since_at = held.since_at
        self.counts["day losses"] += 1
        self._sample()
        if self.loss.is_surely_within():
            self.violated(f"{held.reason}, and by the exchange's books there is none")

    async def look(self, life: Life) -> None:
        """What is to be seen now and then, whether or not anything is sent."""
        await self.read()
        self._sample()
        runs = not (life.is_dead or life.is_stopped or life.disk_full or life.clock.off)
        if runs and self.loss.is_surely_beyond(life.began_at + SETTLED_IN):
            self.counts["looks at a day loss"] += 1
            if not any(h.cause is Cause.DAY_LOSS for h in self.holds.in_force(self.now())):
                self.violated("the day's loss is beyond its limit, and nothing holds for it")
        if self.settings.trading_mode != "paper" and not self.is_taken_over():
            await self._no_more_than_traded()

    async def _no_more_than_traded(self) -> None:
        """Our books may trail the exchange's fills; they never have more of them."""
        bought, traded = Counter[str](), Counter[str]()
        for trade in await self.store.trades():
            bought[trade.ticker] += trade.count
        for fill in self.account.fills:
            traded[fill.order.market.ticker] += fill.trade.count  # type: ignore[assignment]
        for ticker, count in bought.items():
            if count > traded[ticker]:
                self.violated(f"{ticker}: {count} contracts booked, {traded[ticker]} traded")

    def _sample(self) -> None:
        if self.settings.trading_mode != "paper":
            self.loss.sample(self.flows.opening_balance(self.account.deposited))

    async def restarted(self, life: Life, trader: Any) -> None:
        """A process has read the store: it must know every hold that was in force."""
        await self.read()
        at = life.clock.now()
        ours = {(h.identity, h.state) for h in trader.engine.kill_switch.switch_at(at).in_force(at)}
        theirs = {(hold.identity, hold.state) for hold in self.holds.in_force(at)}
        self.counts["restarts under a hold"] += bool(theirs)
        for name in await unlike_the_journal(trader.engine, self.store):
            self.violated(f"life {life.number}: its snapshot and the journal differ in {name}")
        if lost := theirs - ours:
            names = ", ".join(sorted(f"{cause} ({state})" for (cause, _), state in lost))
            self.violated(f"life {life.number} begins without the hold of {names}")

    def _holds_the_lease(self, life: Life, name: str) -> None:
        if life.holder != life.leases.holder:
            self.violated(f"order {name[:8]} was sent by life {life.number} without the lease")

    def _follows(self, name: str) -> None:
        """Of a bracket the second order goes out only if the first got something."""
        first_name = self._before.get(name)
        if first_name is None:
            return
        self.counts["second legs sent"] += 1
        theirs = {one.client_order_id: one for one in self.account.orders.values()}
        first = theirs.get(first_name)
        if first is None or first.filled + first.remaining <= ZERO:
            self.violated(f"order {name[:8]} was sent, and the leg before it got nothing")

    async def _is_let_through(self, life: Life, name: str) -> None:
        at = life.clock.now()
        switch = await self.store.switch(at)
        level = self.holds.level(at)
        if switch.level(at) is not level:
            self.violated(f"the store has the switch at {switch.level(at)}, the journal at {level}")
        if level is SwitchState.RUN:
            began_at = life.began_at + SETTLED_IN
            if self.loss.is_surely_beyond(began_at):
                self.violated(f"order {name[:8]} was sent beyond the day's loss")
            return
        since_at = max(hold.since_at for hold in self.holds.in_force(at))
        self._halted_sends[since_at] += 1
        # One may be on its way while another process throws the switch.
        if self._halted_sends[since_at] > (1 if self.lives() > 1 else 0):
            self.violated(f"order {name[:8]} was sent, and the switch is at {level}")

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
        elif _is_of_a_ladder(sent):
            self.counts["orders of whole ladders"] += 1
        elif not sent.intent.reduces and market.ticker not in self._touched:
            for problem in quote_problems(sent.intent, order):
                self.violated(problem)
            self.counts["quotes posted"] += sent.intent.post_only
            self._within_limits(market)
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
        if sent is not None and _is_of_a_ladder(sent) and side is Side.SELL:
            self.counts["contracts of NO bought"] += int(fill.trade.count)
        sells = any(
            one.intent.ticker == ticker and one.intent.side is Side.SELL and not one.intent.reduces
            for one in self._sent.values()
        )
        if self._held[ticker] < 0 and ticker not in self._touched and not sells:
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
        whole = settings.sizing is Sizing.JOINT
        places = self._places().values()
        taken = set(places) if whole else list(places)
        if len(taken) > settings.max_open_positions:
            self.violated(f"{len(taken)} positions, {settings.max_open_positions} allowed")
        here = sum(1 for place in taken if place[0] == city)
        if here > settings.max_city_positions:
            self.violated(f"{here} positions in {city}, {settings.max_city_positions} allowed")
        bankroll = max(size for _, size in self._bankrolls)
        if whole:
            exposed = worst_loss(self.account, market.event, self._fees)
            bankroll = max(bankroll, self.flows.opening_balance(self.account.deposited))
        else:
            exposed = self._exposure(city, market.event.day)
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
        return exposed + at_stake(self.account, city, day)

    def is_taken_over(self) -> bool:
        """Whether positions were set to what the exchange says: at no known price."""
        return bool(self.counts["alarm: taken_over"])


def _is_of_a_ladder(order: Order) -> bool:
    """Whether an order buys for a ladder as a whole: there it may add to what is held."""
    return order.intent.strategy is Strategy.LADDER and not order.intent.reduces
