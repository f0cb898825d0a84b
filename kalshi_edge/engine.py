"""The engine: told one event at a time, it answers with verdicts. Synchronous, deterministic.

It owns no clock: an event's ``received_at`` is the time. Of each market it only looks at the
newest book, so that books between two decisions may be left out of a replay.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import assert_never

from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.events import (
    AcknowledgeTerms,
    CalibrationDue,
    CancelRequest,
    CashMovement,
    ClosePosition,
    Command,
    CycleDue,
    DayTurned,
    Defect,
    Event,
    Halt,
    LookDue,
    OrderUpdate,
    PartFailed,
    Print,
    Resume,
    SetStage,
    Started,
)
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.orders import Fill, OrderState, Settlement
from kalshi_edge.domain.records import Cause, Hold, Switch, SwitchState
from kalshi_edge.domain.trading_hours import TradingHours
from kalshi_edge.domain.verdicts import (
    Alarm,
    Approved,
    CalibrationDone,
    CancelOrder,
    Check,
    CycleDone,
    Refused,
    Verdict,
)
from kalshi_edge.domain.weather import ClimateReport, Forecast, Observation, Station
from kalshi_edge.portfolio.account import Account
from kalshi_edge.trading import gathering, statements, supervisor
from kalshi_edge.trading.circuit_breakers import CircuitBreakers, hours_check, reconciled_check
from kalshi_edge.trading.core import Core
from kalshi_edge.trading.decision import decisions
from kalshi_edge.trading.kill_switch import KillSwitch, breaker_holds, day_loss_hold, enforcement
from kalshi_edge.trading.outlook import Outlook, city_view, ladder_outlook
from kalshi_edge.trading.playbook import Playbook
from kalshi_edge.trading.quoting import quoter
from kalshi_edge.trading.quoting.memory import QuoteMemory
from kalshi_edge.trading.risk import review_close
from kalshi_edge.trading.situation import situation
from kalshi_edge.trading.snapshot import EngineSnapshot
from kalshi_edge.trading.state import KEEP, WorldState
from kalshi_edge.trading.supervisor_state import SupervisorState

SETTLED_WITHIN = timedelta(days=1)
"""After its climate day; the exchange settles on the morning after it."""


@dataclass(frozen=True, slots=True)
class Setup:
    """All that decisions depend on beside the events: with it a journal can be replayed."""

    mode: str
    stations: tuple[Station, ...]
    models: tuple[str, ...]
    """Forecasts to use, the best first."""
    starting_balance: Decimal
    playbook: Playbook
    breakers: CircuitBreakers | None = None
    """What watches a trader with a line to an exchange; none watch a backtest."""

    def fresh_engine(self) -> "Engine":
        """An engine that has seen nothing yet."""
        return Engine(
            WorldState(self.stations, self.models),
            Account(self.mode, self.starting_balance),
            self.playbook,
            self.breakers,
        )


class Engine(Core):
    """What decisions are made from, and the rules that make them."""

    __slots__ = ("_obeyed",)

    def __init__(
        self,
        state: WorldState,
        account: Account,
        playbook: Playbook,
        breakers: CircuitBreakers | None = None,
        kill_switch: KillSwitch | None = None,
    ) -> None:
        super().__init__(state, account, playbook, breakers, kill_switch or KillSwitch())
        self._obeyed: dict[str, datetime] = {}

    def become(self, other: "Engine") -> None:
        """Forget all that is known here and know what ``other`` does; whoever has it keeps it."""
        self.state, self.account, self.kill_switch = other.state, other.account, other.kill_switch
        self.playbook, self.breakers = other.playbook, other.breakers
        self.watch, self._obeyed = other.watch, other._obeyed
        self.quotes = other.quotes
        self.evidence = other.evidence

    def adopt(self, setup: Setup) -> None:
        """Go on as a restart under ``setup`` does."""
        self.playbook, self.breakers = setup.playbook, setup.breakers
        self.state.stations, self.state.models = setup.stations, setup.models
        self.watch, self.quotes = SupervisorState(), QuoteMemory()

    def snapshot(self, seq: int) -> EngineSnapshot:
        """All that is known, as of the journal's line ``seq``: between it and the next event.

        Values only, none of which changes any more: storing it can wait.
        """
        account = self.account
        return EngineSnapshot(
            seq=seq,
            state=self.state.snapshot(),
            evidence=self.evidence.snapshot(),
            orders=tuple(account.orders),
            deposits_today=account.deposits_today,
            counts_from_at=account.counts_from_at,
            movements=tuple(sorted(account.movements)),
            halts=self.kill_switch.halts,
            obeyed=tuple(self._obeyed.items()),
        )

    def obeyed(self, commands: Iterable[tuple[str, datetime]]) -> None:
        """Commands that an earlier life has obeyed, and when it heard them."""
        self._obeyed.update(commands)

    def forget(self, at: datetime) -> None:
        """Let go of what was long ago."""
        first = (at - KEEP).date()
        self._obeyed = {k: then for k, then in self._obeyed.items() if then.date() >= first}
        self.state.forget(at)
        self.evidence.forget(at)

    def handle(self, event: Event) -> tuple[Verdict, ...]:
        """Everything that follows from ``event``, in the order in which it is to happen."""
        if isinstance(event, Defect):
            return self._answer(event)  # and nothing else: that might raise again
        at = event.received_at
        verdicts = (*self.absorb(event), *self._day_loss(event))
        if isinstance(event, Fill | OrderUpdate | Settlement | AccountStatement | LookDue):
            verdicts += supervisor.orphans(self, at)
        verdicts += quoter.minded(self, event, self._trader_checks)
        level = self.kill_switch.level(at)
        is_due, books = self.watch.take_turn, self.state.books
        if level is SwitchState.FLATTEN and self.state.hours.closed(at):
            books = {}  # nothing can be sold until it opens
        return (*verdicts, *enforcement(level, self.account, books, is_due, at))

    def absorb(self, event: Event) -> tuple[Verdict, ...]:
        """What follows from ``event`` alone, whatever the account is worth after it.

        For the events that a journal's line keeps from before the last: as only the newest of
        several books is among them, the account was never worth what it seems in between.
        """
        at = event.received_at
        turned: tuple[Verdict, ...] = self.account.turn_day(
            at, self.state.marks, halts=self.kill_switch.halts
        )
        if turned:
            turned += self.kill_switch.turn_day(at)
        verdicts = self._answer(event)
        quoter.noted(self, event)
        if turned:
            self.forget(at)
        return (*turned, *verdicts)

    # One arm for every kind of event, closed by assert_never: long, but nothing to be lost in.
    def _answer(  # noqa: C901, PLR0911, PLR0912
        self, event: Event
    ) -> tuple[Verdict, ...]:
        if isinstance(event, Command) and not self._is_new(event):
            return ()
        at = event.received_at
        match event:
            case CycleDue():
                return self._cycle(event)
            case Forecast():
                self.state.forecast(event)
                return ()
            case Book():
                self.state.book(event)
                return ()
            case Observation():
                self.state.observation(event)
                return ()
            case DayTurned() | Print():
                return ()
            case CalibrationDue():
                return self._calibration(event)
            case Ladder():
                return self._ladder(event)
            case ClimateReport():
                return (*self.state.report(event), *self._relearned(event))
            case Fill():
                return (*supervisor.filled(self, event), *self._paid_already(event))
            case OrderUpdate():
                return supervisor.updated(self, event)
            case Settlement():
                settled = self.account.settle(event)
                facts = (*self.state.settlement(event), *self._relearned(event))
                return (*settled, *facts, *gathering.settled(self, event.ticker, at))
            case AccountStatement():
                return statements.stated(self, event)
            case CashMovement():
                return statements.moved(self, event)
            case TradingHours():
                self.state.hours = event
                return ()
            case Started():
                return supervisor.started(self, event)
            case Defect():
                return supervisor.defective(self, event)
            case LookDue():
                return supervisor.due(self, at)
            case PartFailed():
                return (Alarm("part_failed", f"{event.part}: {event.error}"),)
            case Halt():
                return (self.kill_switch.halt(event),)
            case Resume():
                return statements.resumed(self, event)
            case ClosePosition():
                return self._close(event)
            case CancelRequest():
                return self._cancel(event)
            case AcknowledgeTerms():
                return self._acknowledge(event)
            case SetStage():
                return gathering.staged(self, event)
            case _:
                assert_never(event)

    def _cycle(self, event: CycleDue) -> tuple[Verdict, ...]:
        at, playbook = event.received_at, self.playbook
        books, clean_at = self.state.books.values(), self.watch.clean_at
        breakers = breaker_holds(self.kill_switch, self.breakers, books, clean_at, at)
        thrown = (*self._loss_switch(at), *breakers)
        seen_books = quoter.others(self)
        outlooks: list[Outlook] = []
        skipped: list[str] = []
        for name, ladder in sorted(self.state.ladders.items()):
            if at >= ladder.station.day_end(ladder.climate_day):
                continue
            outlook = ladder_outlook(self.state, ladder, at, playbook, seen_books)
            if isinstance(outlook, str):
                skipped.append(f"{name}: {outlook}")
            else:
                outlooks.append(outlook)
        unwound = supervisor.unwound(self, outlooks)
        before = replace(
            situation(self.account, self.kill_switch.switch_at(at), self.state.marks, at),
            trader_checks=self._trader_checks(at),
        )
        registered = gathering.registered(self, at)
        stage_of = partial(gathering.stage_of, self)
        if playbook.quoting is None:
            verdicts = decisions(outlooks, before, playbook, self.account.tracker.mode, stage_of)
        else:
            verdicts = quoter.posted(self, outlooks, before, stage_of)
        approved = [verdict for verdict in verdicts if isinstance(verdict, Approved)]
        for verdict in approved:
            self.account.approve(verdict)
        gathered = gathering.gathered(self, outlooks, approved, before, at)
        done = CycleDone(
            received_at=at,
            cities=tuple(city_view(self.state, one) for one in outlooks),
            skipped=tuple(skipped),
            approved=len(approved),
            refused=len(verdicts) - len(approved),
            cash=self.account.tracker.cash,
            equity=self.account.tracker.equity(self.state.marks),
            missed=event.missed,
        )
        return (*thrown, *unwound, *registered, *verdicts, *gathered, done)

    def _trader_checks(self, at: datetime) -> tuple[Check, ...]:
        """What must hold of the whole trader before it takes new risk."""
        if self.breakers is None:
            return ()
        return (
            reconciled_check(self.watch.clean_at, at, self.breakers),
            hours_check(self.state.hours.closing(at)),
        )

    def _calibration(self, event: CalibrationDue) -> tuple[Verdict, ...]:
        missing = self.state.awaited(event.received_at)
        cities = [station.city for station in self.state.stations]
        known = tuple(city for city in cities if city not in missing)
        done = CalibrationDone(event.received_at, known, tuple(missing))
        if not event.is_last:
            return (done,)
        unreported = (
            Alarm("no_final_report", f"{city}: no final climate report of {day:%d %b}; not learned")
            for city, day in missing.items()
        )
        return (done, *unreported, *self._unsettled(event.received_at))

    def _unsettled(self, at: datetime) -> list[Alarm]:
        """What we hold of markets whose climate day is over for a day or more."""
        late = [
            trade
            for trade in self.account.tracker.open_trades()
            if at.date() - trade.climate_day > SETTLED_WITHIN
        ]
        return [
            Alarm("not_settled", f"{trade.ticker}: {trade.open_count} contracts not settled yet")
            for trade in late
        ]

    def _relearned(self, event: ClimateReport | Settlement) -> tuple[Verdict, ...]:
        return () if self.playbook.model is None else self.state.relearned(event)

    def _paid_already(self, fill: Fill) -> tuple[Verdict, ...]:
        """The settlement, once more, for a trade that we hear of only after it."""
        known = self.state.settled(fill.ticker)
        if known is None:
            return ()
        return self.account.settle(replace(known, received_at=fill.received_at))

    def _ladder(self, ladder: Ladder) -> tuple[Verdict, ...]:
        verdicts = self.state.ladder(ladder)
        changed = [verdict.text for verdict in verdicts if isinstance(verdict, Alarm)]
        at = ladder.received_at
        return (*verdicts, *(self._rules_changed(at, changed[0]) if changed else ()))

    def _rules_changed(self, at: datetime, reason: str) -> tuple[Switch, ...]:
        """Changed rules of one series hold back all of them, where the breakers say so."""
        if self.breakers is None or not self.breakers.halt_on_rule_change:
            return ()
        return self.kill_switch.hold(Hold(Cause.TERMS, SwitchState.HALT, reason, at))

    def _is_new(self, command: Command) -> bool:
        """Whether this wish was not heard before; from now on it was."""
        if not command.command_id:
            return True
        if command.command_id in self._obeyed:
            return False
        self._obeyed[command.command_id] = command.received_at
        return True

    def _close(self, command: ClosePosition) -> tuple[Approved | Refused, ...]:
        closed = self.state.hours.closed(command.received_at)
        verdicts = review_close(command, self.account, self.state.market, closed=closed)
        for verdict in verdicts:
            if isinstance(verdict, Approved):
                self.account.approve(verdict)
        return verdicts

    def _cancel(self, command: CancelRequest) -> tuple[CancelOrder | Refused, ...]:
        orders = self.account.structure(command.order)
        alive = [order for order in orders if order.state is not OrderState.DONE]
        if not alive:
            figure = orders[0].reason or "over" if orders else "no such order"
            return (Refused(command, (Check("live", False, figure, "an order in the book"),)),)
        why = f"by {command.by or 'hand'}: {command.reason}"
        return tuple(CancelOrder(order.intent.intent_id, why) for order in alive)

    def _acknowledge(self, command: AcknowledgeTerms) -> tuple[Verdict, ...]:
        record = self.state.acknowledge(command)
        if record is None:
            known = self.state.terms.get(command.series)
            figure = "no rules seen" if known is None else known.fingerprint
            check = Check("fingerprint", False, command.fingerprint, figure)
            return (Refused(command, (check,)),)
        if not all(one.accepted for one in self.state.terms.values()):
            return (record,)
        at = command.received_at
        return (record, *self.kill_switch.lift({Cause.TERMS}, "all rules are accepted", at))

    def _day_loss(self, event: Event) -> tuple[Switch, ...]:
        # Only these change what the account is worth, or undo a halt. A cycle looks beforehand.
        if not isinstance(event, Book | Fill | Settlement | Resume):
            return ()
        if isinstance(event, Book) and not self._is_held(event.ticker):
            return ()
        return self._loss_switch(event.received_at)

    def _loss_switch(self, at: datetime) -> tuple[Switch, ...]:
        equity = self.account.tracker.equity(self.state.marks)
        switch, opening = self.kill_switch.switch_at(at), self.account.opening_balance
        return self.kill_switch.hold(
            day_loss_hold(switch, equity, opening, at, self.playbook.limits)
        )

    def _is_held(self, ticker: str) -> bool:
        return any(trade.ticker == ticker for trade in self.account.tracker.open_trades())
