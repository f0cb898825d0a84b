"""Orders at Kalshi, demo or live: sent once each under their own name, looked up where in doubt.

The exchange takes a client order id once, for ever. Its refusal of a second one is therefore the
proof that the first arrived; that an order is not to be seen proves nothing for a while.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from kalshi_edge.clock import Clock
from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.account.account_wire import parse_taken
from kalshi_edge.data.kalshi.account.order_group import OrderGroup
from kalshi_edge.data.kalshi.fields import Payload, decimal_field
from kalshi_edge.data.kalshi.order_wire import objections, order_body
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.kalshi.transport import ErrorBody
from kalshi_edge.domain.orders import Intent, Order, OrderReport
from kalshi_edge.errors import (
    ExchangeDown,
    InputError,
    OrderObjection,
    OrderRejected,
    OutcomeUnknown,
    RequestRefused,
)
from kalshi_edge.units import ZERO

T = TypeVar("T")

DUPLICATE = "order_already_exists"
CLOCK_SLACK = timedelta(days=1)
"""How much earlier than we think the exchange may have noted an order: our clock may be off."""
GRACE = timedelta(seconds=30)
"""How long after it was sent an order may still arrive."""
LOOKS_S = (0.0, 0.5, 1.0, 2.0)
"""Waits before looking for an order that exists: answers trail the matching by about a second."""


class KalshiExchange:
    """The exchange as the executor sees it."""

    def __init__(
        self,
        account: AccountClient,
        public: PublicClient,
        clock: Clock,
        *,
        looks_s: Sequence[float] = LOOKS_S,
        group: OrderGroup | None = None,
        group_id: str = "",
    ) -> None:
        """Entries join ``group``, or the one that is open under ``group_id``, if any."""
        self._account = account
        self._public = public
        self._clock = clock
        self._looks_s = looks_s
        self._group = OrderGroup(account, 0, name=group_id) if group_id else group
        self._started_at = self._exchange_time()
        self._sent_at: dict[str, datetime] = {}

    async def place(self, intent: Intent) -> OrderReport:
        """Send ``intent`` under its own id; the report of the first where it was sent before.

        Raises ``OrderRejected`` for a definite no (ours is an ``OrderObjection``),
        ``ExchangeDown`` where nothing was taken and ``OutcomeUnknown`` where it may have been.
        """
        body = await self._checked_body(intent)
        self._sent_at[intent.intent_id] = self._exchange_time()
        answer = await self._account.create_order(body)
        if isinstance(answer, ErrorBody):
            if self._group is not None and "order_group_id" in body:
                self._group.refused(answer)
            if answer.status == 409:
                return await self._existing(intent, answer)
            raise OrderRejected(f"{intent.ticker}: {answer}")
        try:
            return parse_taken(answer, intent)
        except InputError as error:
            raise OutcomeUnknown(f"{intent.ticker}: taken, but {error}") from error

    async def resolve(self, intent: Intent, *, resend: bool) -> OrderReport:
        """What became of an order whose answer was lost.

        Where it cannot be seen it is sent again under its own id if it is still wanted
        (``resend``). Otherwise ``OrderRejected`` says that it never arrived, once that is proven;
        until then, and whenever the answer is not clear, ``OutcomeUnknown``.
        """
        # What is complete up to ``as_of`` must be looked at after it.
        as_of = await self._asked(self._account.data_as_of(), intent.ticker)
        report = await self._look_up(intent)
        if report is not None:
            return report
        if resend:
            return await self._sent_again(intent)
        if as_of >= self._sent_at.get(intent.intent_id, self._started_at) + GRACE:
            raise OrderRejected(f"{intent.ticker}: the order never arrived")
        raise OutcomeUnknown(f"{intent.ticker}: not to be seen, which proves nothing yet")

    async def cancel(self, order: Order) -> Decimal:
        """Take an order out of the book: the contracts taken back, none where it was over.

        Raises ``ExchangeDown`` where it stays in the book and ``OutcomeUnknown`` where it may.
        """
        order_id = order.order_id
        if order_id is None:
            report = await self._look_up(order.intent)
            if report is None:
                raise OutcomeUnknown(f"{order.intent.ticker}: an order without a name as yet")
            order_id = report.order_id
        answer = await self._account.cancel_order(order_id)
        if isinstance(answer, ErrorBody):
            await self._confirm_over(order_id, answer)
            return ZERO
        try:
            return decimal_field(answer, "reduced_by")
        except InputError as error:
            raise OutcomeUnknown(f"{order.intent.ticker}: cancelled, but {error}") from error

    def _exchange_time(self) -> datetime:
        """Now by the exchange's clock, as far as ours is seen to differ from it."""
        return self._clock.now() - self._account.clock_lead

    async def _checked_body(self, intent: Intent) -> Payload:
        """The order as it is sent, once nothing that we know speaks against it."""
        try:
            market = self._public.markets.get(intent.ticker)
            if market is None or objections(intent, market):
                # What we know may be old: a market opens, and its ticks change, while we run.
                market = await self._public.market(intent.ticker)
            if found := objections(intent, market):
                raise OrderObjection(f"{intent.ticker}: {'; '.join(found)}")
            return order_body(intent, group_id=await self._group_of(intent))
        except InputError as error:
            raise OrderObjection(str(error)) from error
        except RequestRefused as error:
            raise OrderRejected(str(error)) from error

    async def _group_of(self, intent: Intent) -> str:
        """The group that an order joins: what only reduces goes out whatever the group says."""
        if self._group is None or intent.reduces:
            return ""
        try:
            return await self._group.joined()
        except OutcomeUnknown as error:
            raise ExchangeDown(f"no order group: {error}") from error  # no order was sent

    async def _sent_again(self, intent: Intent) -> OrderReport:
        try:
            return await self.place(intent)
        except (OrderRejected, ExchangeDown) as error:
            # The first may be the reason, having taken the money: this no proves nothing.
            raise OutcomeUnknown(f"{intent.ticker}: still unknown: {error}") from error

    async def _existing(self, intent: Intent, refusal: ErrorBody) -> OrderReport:
        for wait_s in self._looks_s:
            await asyncio.sleep(wait_s)
            report = await self._look_up(intent)
            if report is not None:
                return report
        if refusal.code == DUPLICATE:
            raise OutcomeUnknown(f"{intent.ticker}: {refusal}, but it is not to be seen yet")
        raise OrderRejected(f"{intent.ticker}: {refusal}")

    async def _look_up(self, intent: Intent) -> OrderReport | None:
        since_at, ticker = intent.created_at - CLOCK_SLACK, intent.ticker
        reports = await self._asked(self._account.orders(since_at, ticker=ticker), ticker)
        for row in reports.refused:
            # A row that does not even say whose it is may be ours.
            if row.name in ("", intent.intent_id):
                raise OutcomeUnknown(f"{ticker}: it may exist, and cannot be read: {row.reason}")
        return next((one for one in reports if one.intent_id == intent.intent_id), None)

    async def _confirm_over(self, order_id: str, refusal: ErrorBody) -> None:
        """Return where a cancel was refused because the order is over."""
        for wait_s in self._looks_s:
            await asyncio.sleep(wait_s)
            try:
                report = await self._account.order(order_id)
            except RequestRefused as error:
                if error.status == 404 == refusal.status:
                    return
                raise ExchangeDown(f"not cancelled: {refusal}") from error
            except (ExchangeDown, InputError) as error:
                raise OutcomeUnknown(f"not cancelled: {refusal}; {error}") from error
            if not report.rests:
                return
            if refusal.status != 404:
                raise ExchangeDown(f"not cancelled: {refusal}")
        raise OutcomeUnknown(f"{order_id}: neither cancelled nor over, as it seems")

    async def _asked(self, answer: Awaitable[T], ticker: str) -> T:
        """An answer that is needed to know how an order stands."""
        try:
            return await answer
        except (ExchangeDown, RequestRefused, InputError) as error:
            raise OutcomeUnknown(f"{ticker}: cannot look it up: {error}") from error
