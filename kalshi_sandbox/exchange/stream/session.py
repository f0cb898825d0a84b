"""One connection of the stream, apart from its socket: commands in, frames out.

Subscriptions number their frames where the channel does, over all their markets. A client that
does not read its frames loses the subscription (error 25), not the connection.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from kalshi_sandbox.exchange.control.faults import FaultKind
from kalshi_sandbox.exchange.stream.subscriptions import (
    BUFFER,
    BY_MARKET,
    CHANNELS,
    ERRORS,
    SEQUENCED,
    CommandError,
    Outgoing,
    Subscription,
    Switchboard,
    Wait,
)
from kalshi_sandbox.exchange.venue.accounts import Account


@dataclass(slots=True, eq=False)
class Session:
    """A connection of one member."""

    account: Account
    board: Switchboard
    wake: Callable[[], None] = lambda: None
    """Called when there is something to send."""
    outgoing: deque[Outgoing] = field(default_factory=deque)
    buffer: int = BUFFER
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    _last_sid: int = 0

    # --- what comes in --------------------------------------------------------------------------

    def receive(self, text: str | bytes) -> None:
        """Carry out a command; what is wrong with it is answered, never raised."""
        command_id = 0
        try:
            command = _object(text)
            number = command.get("id")
            command_id = number if isinstance(number, int) else 0
            self._carry_out(command, command_id)
        except CommandError as error:
            self._push_error(error, command_id)

    def close(self) -> None:
        """Forget all subscriptions."""
        for sid in tuple(self.subscriptions):
            self._drop(sid)

    def _carry_out(self, command: Mapping[str, Any], command_id: int) -> None:
        name = command.get("cmd")
        if name == "list_subscriptions":
            listed = [{"channel": s.channel, "sid": s.sid} for s in self.subscriptions.values()]
            self._push({**_named(command_id), "type": "ok", "msg": listed})
            return
        act = {
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "update_subscription": self._update,
        }.get(name if isinstance(name, str) else "")
        if act is None:
            raise CommandError(5)
        params = command.get("params")
        if not isinstance(params, dict):
            raise CommandError(2)
        act(params, command_id)

    def _subscribe(self, params: Mapping[str, Any], command_id: int) -> None:
        channels = params.get("channels")
        if not isinstance(channels, list) or not channels:
            raise CommandError(3)
        for channel in channels:
            try:
                self._subscribe_to(channel, params, command_id)
            except CommandError as error:
                self._push_error(error, command_id)

    def _subscribe_to(self, channel: object, params: Mapping[str, Any], command_id: int) -> None:
        if not isinstance(channel, str) or channel not in CHANNELS:
            raise CommandError(8)
        tickers = self._tickers(params, channel) if channel in BY_MARKET else []
        if channel == "orderbook_delta" and not tickers:
            raise CommandError(14)
        self._last_sid += 1
        subscription = Subscription(
            self._last_sid,
            channel,
            self,
            dict.fromkeys(tickers) if tickers else None,
            use_yes_price=_flag(params, "use_yes_price"),
            skip_ack=_flag(params, "skip_ticker_ack"),
        )
        self.subscriptions[subscription.sid] = subscription
        msg = {"channel": channel, "sid": subscription.sid}
        self._push({**_named(command_id), "type": "subscribed", "msg": msg})
        self._show(subscription, tickers, initial=_flag(params, "send_initial_snapshot"))
        if subscription.sid in self.subscriptions:
            self.board.attach(subscription)

    def _show(self, subscription: Subscription, tickers: list[str], *, initial: bool) -> None:
        if subscription.channel == "orderbook_delta" or (
            subscription.channel == "ticker" and initial
        ):
            for ticker in tickers:
                self.board.show(subscription, ticker)

    def _unsubscribe(self, params: Mapping[str, Any], command_id: int) -> None:
        sids = params.get("sids")
        if not isinstance(sids, list) or not sids:
            raise CommandError(4)
        for sid in sids:
            subscription = self._of(sid)
            seq = subscription.number()
            self._drop(subscription.sid)
            self._push(
                {**_named(command_id), "sid": subscription.sid, "seq": seq, "type": "unsubscribed"}
            )

    def _update(self, params: Mapping[str, Any], command_id: int) -> None:
        sids = params.get("sids", [params["sid"]] if "sid" in params else [])
        if not isinstance(sids, list) or len(sids) != 1 or ("sids" in params and "sid" in params):
            raise CommandError(12)
        subscription, action = self._of(sids[0]), params.get("action")
        if not isinstance(action, str):
            raise CommandError(15)
        if subscription.channel not in BY_MARKET:
            raise CommandError(13)
        tickers = self._tickers(params, subscription.channel)
        if not tickers:
            raise CommandError(14)
        if action == "get_snapshot" and subscription.channel == "orderbook_delta":
            for ticker in tickers:
                self.board.show(subscription, ticker, command_id)
        elif action in {"add_markets", "delete_markets"}:
            self._change(subscription, tickers, params, command_id, adds=action == "add_markets")
        else:
            raise CommandError(13)

    def _change(
        self,
        subscription: Subscription,
        tickers: list[str],
        params: Mapping[str, Any],
        command_id: int,
        *,
        adds: bool,
    ) -> None:
        before = subscription.tickers or {}
        self.board.detach(subscription)
        if adds:
            subscription.tickers = before | dict.fromkeys(tickers)
        else:
            subscription.tickers = {ticker: None for ticker in before if ticker not in tickers}
        self.board.attach(subscription)
        listed = {"market_tickers": list(subscription.tickers)}
        numbered = {"seq": subscription.number()} if subscription.channel in SEQUENCED else {}
        self._push(
            {
                **_named(command_id),
                "sid": subscription.sid,
                **numbered,
                "type": "ok",
                "msg": {} if subscription.skip_ack else listed,
            }
        )
        if adds:
            new = [ticker for ticker in tickers if ticker not in before]
            self._show(subscription, new, initial=_flag(params, "send_initial_snapshot"))

    def _tickers(self, params: Mapping[str, Any], channel: str) -> list[str]:
        """The markets that a command names; none are named for all of them."""
        one, many = params.get("market_ticker"), params.get("market_tickers")
        ids = params.get("market_ids", [params["market_id"]] if "market_id" in params else None)
        if sum(each is not None for each in (one, many, ids)) > 1:
            raise CommandError(11)
        if ids is not None:
            if channel != "ticker" or not isinstance(ids, list):
                raise CommandError(11)
            return [self._by_id(each) for each in ids]
        named = [one] if one is not None else many if many is not None else []
        if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
            raise CommandError(11)
        unknown = [ticker for ticker in named if not self.board.knows(ticker)]
        if unknown:
            raise CommandError(11, market_tickers=unknown)
        return named

    def _by_id(self, market_id: object) -> str:
        ticker = self.board.ticker_of(market_id) if isinstance(market_id, str) else None
        if ticker is None:
            raise CommandError(11)
        return ticker

    def _of(self, sid: object) -> Subscription:
        subscription = self.subscriptions.get(sid) if isinstance(sid, int) else None
        if subscription is None:
            raise CommandError(7)
        return subscription

    def _drop(self, sid: int) -> None:
        self.board.detach(self.subscriptions.pop(sid))

    # --- what goes out --------------------------------------------------------------------------

    def push_data(
        self, subscription: Subscription, kind: str, msg: bytes, ticker: str | None, command: int
    ) -> None:
        """Queue a frame of a subscription, or what a fault makes of it; none of one that ended."""
        if subscription.sid not in self.subscriptions:
            return
        struck = self.board.faults.frame(subscription.channel, ticker)
        if FaultKind.STREAM_ERROR in struck:
            self.end(subscription, struck[FaultKind.STREAM_ERROR].status)
            return
        if len(self.outgoing) >= self.buffer:
            self.end(subscription, 25)
            return
        if FaultKind.STREAM_DELAY in struck:
            self.outgoing.append(Wait(struck[FaultKind.STREAM_DELAY].delay_s))
        frame = self._frame(subscription, kind, msg, command)
        if FaultKind.STREAM_GAP not in struck:
            self.outgoing.append(frame)
        if FaultKind.STREAM_REPEAT in struck:
            self.outgoing.append(frame)
        self.wake()

    def end(self, subscription: Subscription, code: int) -> None:
        """End a subscription by a terminal error; the client has to subscribe anew."""
        numbered = {"seq": subscription.number()} if subscription.channel in SEQUENCED else {}
        self._drop(subscription.sid)
        msg = {"code": code, "msg": ERRORS.get(code, "Channel error")}
        self._push({"type": "error", "sid": subscription.sid, **numbered, "msg": msg})

    def _frame(self, subscription: Subscription, kind: str, msg: bytes, command: int) -> bytes:
        named = b'"id":%d,' % command if command else b""
        numbered = (
            b'"seq":%d,' % subscription.number() if subscription.channel in SEQUENCED else b""
        )
        return b'{"type":"%s",%s"sid":%d,%s"sending_ts_ms":%d,"msg":%s}' % (
            kind.encode(),
            named,
            subscription.sid,
            numbered,
            self.board.now_ms(),
            msg,
        )

    def _push(self, frame: dict[str, Any]) -> None:
        self.outgoing.append(orjson.dumps({**frame, "sending_ts_ms": self.board.now_ms()}))
        self.wake()

    def _push_error(self, error: CommandError, command_id: int) -> None:
        msg = {"code": error.code, "msg": str(error), **error.about}
        self._push({**_named(command_id), "type": "error", "msg": msg})


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        command = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise CommandError(1) from None
    if not isinstance(command, dict):
        raise CommandError(1)
    return command


def _named(command_id: int) -> dict[str, int]:
    return {"id": command_id} if command_id else {}


def _flag(params: Mapping[str, Any], name: str) -> bool:
    value = params.get(name, False)
    if not isinstance(value, bool):
        raise CommandError(11)
    return value
