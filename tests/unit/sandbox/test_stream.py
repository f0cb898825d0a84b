"""The stream's protocol, apart from sockets: commands, errors, numbers, clocks, own news."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
import pytest

from kalshi_edge.data.kalshi.book import OrderBooks, Resync
from kalshi_edge.domain.market import FeeRule, FeeType
from kalshi_sandbox.exchange.control.faults import Fault, FaultKind
from kalshi_sandbox.exchange.stream.hub import Hub
from kalshi_sandbox.exchange.stream.session import Session
from kalshi_sandbox.exchange.stream.subscriptions import Wait
from kalshi_sandbox.exchange.venue.order_groups import create_group
from tests.support.sandbox_builders import BIN, OPEN_AT, TODAY, exchange, member, order

OTHER = f"{TODAY}-B54.5"


class Stream:
    """A connection whose frames are read as they are asked for."""

    def __init__(self, on, account=None) -> None:
        self.on = on
        self.hub = Hub(on)
        self.account = account or member(on)
        self.session: Session = self.hub.connect(self.account)

    def say(self, cmd: str, number: int = 1, **params):
        self.session.receive(orjson.dumps({"id": number, "cmd": cmd, "params": params}))
        return self.read()

    def subscribe(self, *channels: str, **params):
        return self.say("subscribe", channels=list(channels), **params)

    def read(self):
        frames = [f for f in self.session.outgoing if isinstance(f, bytes)]
        self.session.outgoing.clear()
        return [orjson.loads(frame) for frame in frames]


def error_code(frames) -> int:
    (frame,) = frames
    assert frame["type"] == "error"
    return frame["msg"]["code"]


# --- commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"{", 1),
        (b"[]", 1),
        (b'{"id":1,"cmd":"subscribe"}', 2),
        (b'{"id":1,"cmd":"subscribe","params":{}}', 3),
        (b'{"id":1,"cmd":"unsubscribe","params":{}}', 4),
        (b'{"id":1,"cmd":"dance","params":{}}', 5),
        (b'{"id":1,"cmd":"unsubscribe","params":{"sids":[9]}}', 7),
        (b'{"id":1,"cmd":"subscribe","params":{"channels":["ticker_v2"]}}', 8),
        (b'{"id":1,"cmd":"subscribe","params":{"channels":["orderbook_delta"]}}', 14),
        (b'{"id":1,"cmd":"update_subscription","params":{"sids":[1,2]}}', 12),
        (b'{"id":1,"cmd":"update_subscription","params":{"action":"add_markets"}}', 12),
    ],
)
def test_each_mistake_has_its_code(text, code) -> None:
    stream = Stream(exchange())
    stream.session.receive(text)
    assert error_code(stream.read()) == code


@pytest.mark.parametrize(
    "params",
    [
        {"market_ticker": BIN, "market_tickers": [BIN]},
        {"market_tickers": "not a list"},
        {"market_tickers": ["NO-SUCH"]},
        {"market_ids": ["00000000-0000-0000-0000-000000000000"]},
        {"market_ticker": BIN, "use_yes_price": "yes"},
    ],
)
def test_parameters_that_are_wrong_are_refused(params) -> None:
    assert error_code(Stream(exchange()).subscribe("orderbook_delta", **params)) == 11


def test_one_channel_of_a_command_may_fail_and_the_others_stand() -> None:
    frames = Stream(exchange()).subscribe("trade", "orderbook_delta", "fill")
    assert [frame["type"] for frame in frames] == ["subscribed", "error", "subscribed"]


def test_updates_need_an_action_that_the_channel_knows() -> None:
    stream = Stream(exchange())
    stream.subscribe("ticker", "market_lifecycle_v2", market_tickers=[BIN])
    update = "update_subscription"
    assert error_code(stream.say(update, sids=[1], market_tickers=[BIN])) == 15
    for sid, action in ((1, "get_snapshot"), (1, "forget"), (2, "add_markets")):
        assert error_code(stream.say(update, sid=sid, action=action, market_tickers=[BIN])) == 13
    assert error_code(stream.say(update, sid=1, action="add_markets")) == 14


def test_subscriptions_are_listed_and_ended() -> None:
    stream = Stream(exchange())
    stream.subscribe("trade", "fill")
    (listed,) = stream.say("list_subscriptions", 5)
    assert listed["msg"] == [{"channel": "trade", "sid": 1}, {"channel": "fill", "sid": 2}]
    (ended,) = stream.say("unsubscribe", 6, sids=[1])
    assert (ended["type"], ended["sid"], ended["id"]) == ("unsubscribed", 1, 6)
    trade(stream.on)
    assert stream.read() == []


# --- books ----------------------------------------------------------------------------------------


def trade(on, count: str = "2") -> None:
    on.desk.place(member(on), order("ask", count=count))
    on.desk.place(member(on), order("bid", count=count))


def test_a_snapshot_has_no_key_for_an_empty_side_and_does_not_begin_at_one() -> None:
    on = exchange()
    on.desk.place(member(on), order("ask", "0.44", "54"))
    _, snapshot = Stream(on).subscribe("orderbook_delta", market_ticker=BIN)
    assert snapshot["seq"] != 1
    assert "yes_dollars_fp" not in snapshot["msg"]
    assert snapshot["msg"]["no_dollars_fp"] == [["0.5600", "54.00"]]


def test_no_prices_come_in_the_scale_that_was_asked_for() -> None:
    on = exchange()
    stream = Stream(on)
    stream.subscribe("orderbook_delta", market_ticker=BIN)
    stream.subscribe("orderbook_delta", market_ticker=BIN, use_yes_price=True)
    on.desk.place(member(on), order("ask", "0.44", "54"))
    prices = {frame["sid"]: frame["msg"]["price_dollars"] for frame in stream.read()}
    assert prices == {1: "0.5600", 2: "0.4400"}


def test_numbers_run_over_all_markets_of_a_subscription_and_over_nothing_else() -> None:
    on = exchange()
    stream = Stream(on)
    first = stream.subscribe("orderbook_delta", market_tickers=[BIN, OTHER])[-1]["seq"]
    stream.subscribe("trade", "ticker")
    for ticker in (BIN, OTHER, BIN):
        on.desk.place(member(on), order(ticker=ticker))
    deltas = [frame for frame in stream.read() if frame["type"] == "orderbook_delta"]
    assert [frame["seq"] for frame in deltas] == [first + 1, first + 2, first + 3]


def test_several_changes_of_one_action_share_a_clock_that_never_falls() -> None:
    on = exchange()
    stream = Stream(on)
    seller = member(on)
    on.desk.place(seller, order("ask", "0.41", "5"))
    on.desk.place(seller, order("ask", "0.42", "5"))
    _, snapshot = stream.subscribe("orderbook_delta", market_ticker=BIN)
    on.desk.place(member(on), order("bid", "0.42", "12"))
    clocks = [frame["msg"]["clock"] for frame in stream.read()]
    assert len(clocks) == 3
    assert len(set(clocks)) == 1
    assert clocks[0] > snapshot["msg"]["clock"]


def test_only_the_causer_sees_whose_order_changed_the_book() -> None:
    on = exchange()
    mine, theirs = Stream(on), Stream(on)
    for stream in (mine, theirs):
        stream.subscribe("orderbook_delta", market_ticker=BIN)
    on.desk.place(mine.account, order(client_order_id="my-order"))
    assert mine.read()[0]["msg"]["client_order_id"] == "my-order"
    assert "client_order_id" not in theirs.read()[0]["msg"]


def test_a_snapshot_asked_for_again_carries_the_commands_number() -> None:
    stream = Stream(exchange())
    before = stream.subscribe("orderbook_delta", market_ticker=BIN)[-1]["seq"]
    params = {"sid": 1, "action": "get_snapshot", "market_tickers": [BIN]}
    (snapshot,) = stream.say("update_subscription", 8, **params)
    assert (snapshot["id"], snapshot["seq"]) == (8, before + 1)


def test_markets_are_added_with_a_snapshot_and_taken_away_in_silence() -> None:
    on = exchange()
    stream = Stream(on)
    stream.subscribe("orderbook_delta", market_ticker=BIN)
    update = "update_subscription"
    added = stream.say(update, 2, sid=1, action="add_markets", market_tickers=[BIN, OTHER])
    assert [frame["type"] for frame in added] == ["ok", "orderbook_snapshot"]
    assert added[0]["msg"]["market_tickers"] == [BIN, OTHER]
    assert added[1]["seq"] == added[0]["seq"] + 1
    stream.say(update, 3, sid=1, action="delete_markets", market_tickers=[BIN])
    on.desk.place(member(on), order())
    assert stream.read() == []


# --- other news -----------------------------------------------------------------------------------


def test_fills_and_orders_go_to_their_owner_alone() -> None:
    on = exchange()
    mine, theirs = Stream(on), Stream(on)
    for stream in (mine, theirs):
        stream.subscribe("fill", "user_orders", "market_positions")
    on.desk.place(member(on), order("ask", "0.40", "3"))
    on.desk.place(mine.account, order(client_order_id="my-order"))
    frames = mine.read()
    assert [frame["type"] for frame in frames] == ["fill", "user_order", "market_position"]
    fill = frames[0]["msg"]
    assert (fill["client_order_id"], fill["post_position_fp"]) == ("my-order", "3.00")
    assert fill["fee_cost"] == "0.050400"  # 0.07 · 3 · 0.40 · 0.60
    assert "seq" not in frames[0]
    assert theirs.read() == []


def test_a_ticker_may_begin_with_its_present_state_and_be_asked_for_by_id() -> None:
    on = exchange()
    trade(on)
    stream = Stream(on)
    market_id = on.venue.market(BIN).market_id
    _, now = stream.subscribe("ticker", market_id=market_id, send_initial_snapshot=True)
    assert (now["msg"]["price_dollars"], now["msg"]["volume_fp"]) == ("0.4000", "2.00")


def test_the_life_of_a_market_is_told_but_not_its_opening_or_closing() -> None:
    on = exchange()
    stream = Stream(on)
    stream.subscribe("market_lifecycle_v2")
    on.venue.advance(OPEN_AT + timedelta(hours=14))
    assert stream.read() == []
    on.venue.advance(datetime(2026, 11, 23, 13, tzinfo=UTC))
    listed, *markets = stream.read()
    assert (listed["type"], listed["msg"]["event_ticker"]) == (
        "event_lifecycle",
        "KXHIGHNY-26NOV24",
    )
    assert [frame["msg"]["event_type"] for frame in markets] == (
        ["created"] * 6 + ["determined"] * 6 + ["settled"] * 6
    )


def test_fee_changes_and_order_groups_are_told() -> None:
    on = exchange()
    stream = Stream(on)
    stream.subscribe("market_lifecycle_v2", "order_group_updates")
    on.venue.set_event_fees(on.venue.events[TODAY], FeeRule(FeeType.QUADRATIC, Decimal("0.5")))
    on.venue.set_event_fees(on.venue.events[TODAY], None)
    create_group(on.desk, stream.account, Decimal(5))
    changed, cleared, created = (frame["msg"] for frame in stream.read())
    assert (changed["fee_type_override"], changed["fee_multiplier_override"]) == ("quadratic", 0.5)
    assert cleared["fee_type_override"] is None
    assert (created["event_type"], created["contracts_limit_fp"]) == ("created", "5.00")


# --- what goes wrong ------------------------------------------------------------------------------


def test_a_client_that_does_not_read_loses_its_subscription() -> None:
    on = exchange()
    stream = Stream(on)
    stream.subscribe("orderbook_delta", market_ticker=BIN)
    stream.session.buffer = 3
    maker = member(on)
    for _ in range(5):
        on.desk.place(maker, order(count="1"))
    frames = stream.read()
    assert [frame["type"] for frame in frames] == ["orderbook_delta"] * 3 + ["error"]
    assert frames[-1]["msg"]["code"] == 25
    assert stream.session.subscriptions == {}


def test_a_lost_frame_makes_our_reader_ask_again_and_the_answer_heals_it() -> None:
    on = exchange()
    stream = Stream(on)
    books = OrderBooks(use_yes_price=True)
    frames = stream.subscribe("orderbook_delta", market_ticker=BIN, use_yes_price=True)
    on.faults.add(Fault(FaultKind.STREAM_GAP, channel="orderbook_delta"))
    for price in ("0.40", "0.41"):
        on.desk.place(member(on), order(price=price))
    heard = [news for frame in frames + stream.read() for news in books.receive(frame, OPEN_AT)]
    assert isinstance(heard[-1], Resync)
    params = {"sid": heard[-1].sid, "action": "get_snapshot", "market_tickers": [BIN]}
    (snapshot,) = stream.say("update_subscription", 2, **params)
    (book,) = books.receive(snapshot, OPEN_AT)
    assert [level.price for level in book.bids] == [Decimal("0.41"), Decimal("0.40")]


def test_frames_may_come_twice_or_late_or_end_in_a_terminal_error() -> None:
    on = exchange()
    stream = Stream(on)
    stream.subscribe("orderbook_delta", market_ticker=BIN)
    on.faults.add(Fault(FaultKind.STREAM_REPEAT))
    on.desk.place(member(on), order(price="0.40"))
    one, two = stream.read()
    assert one == two
    on.faults.add(Fault(FaultKind.STREAM_DELAY, delay_s=2.5))
    on.desk.place(member(on), order(price="0.39"))
    assert stream.session.outgoing[0] == Wait(2.5)
    stream.read()
    on.faults.add(Fault(FaultKind.STREAM_ERROR, status=10))
    on.desk.place(member(on), order(price="0.38"))
    assert error_code(stream.read()) == 10
    on.desk.place(member(on), order(price="0.37"))
    assert stream.read() == []
