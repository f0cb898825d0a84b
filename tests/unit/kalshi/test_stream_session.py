"""One connection's protocol, frame by frame: what is said, what follows, when it is given up."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kalshi_edge.data.kalshi.stream_session import (
    Connected,
    GroupChange,
    MarketChange,
    Oddities,
    Session,
    UnnamedFill,
)
from kalshi_edge.domain.events import OrderUpdate
from kalshi_edge.domain.market import Book
from kalshi_edge.domain.orders import Fill, OrderStep
from kalshi_edge.errors import ExchangeDown
from tests.support.builders import EVENT, NOW, TICKER, levels
from tests.support.kalshi_answers import TRADE, UUID, stream_fill_json, user_order_json

D = Decimal
OTHER = f"{EVENT}-B54.5"
CHANNELS = (
    "fill",
    "user_orders",
    "market_lifecycle_v2",
    "orderbook_delta",
    "order_group_updates",
)

BOOKS = CHANNELS.index("orderbook_delta")


def subscribed(command: dict[str, Any], sid: int) -> dict[str, Any]:
    [channel] = command["params"]["channels"]
    return {"id": command["id"], "type": "subscribed", "msg": {"channel": channel, "sid": sid}}


def snapshot(ticker: str = TICKER, seq: int = 1, sid: int = 4, **sides: Any) -> dict[str, Any]:
    usual = {"yes_dollars_fp": [["0.3000", "10.00"]], "no_dollars_fp": [["0.3300", "10.00"]]}
    message = {"market_ticker": ticker, "market_id": "9b0f", "clock": 7} | (sides or usual)
    return {"type": "orderbook_snapshot", "sid": sid, "seq": seq, "msg": message}


def delta(seq: int, ticker: str = TICKER, sid: int = 4, **changes: Any) -> dict[str, Any]:
    message = {
        "market_ticker": ticker,
        "market_id": "9b0f",
        "clock": 7 + seq,
        "price_dollars": "0.3100",
        "delta_fp": "5.00",
        "side": "yes",
        "ts_ms": 1795363200000,
    }
    return {"type": "orderbook_delta", "sid": sid, "seq": seq, "msg": message | changes}


class Line:
    """A session and everything that it said."""

    def __init__(self, tickers: Iterable[str] = (TICKER,)) -> None:
        self.oddities = Oddities()
        self.names: dict[str, str] = {}
        self.session = Session(["KXHIGHNY"], self.names, self.oddities)
        self.now_s = 0.0
        self.opening = self.session.open(list(tickers), self.now_s)
        self.commands: list[dict[str, Any]] = []

    def hear(self, *frames: Any) -> list[Any]:
        """The news that follow; commands are kept."""
        news = []
        for frame in frames:
            for result in self.session.receive(frame, NOW, self.now_s):
                (self.commands if isinstance(result, dict) else news).append(result)
        return news

    def connect(self) -> "Line":
        for sid, command in enumerate(self.opening, start=1):
            self.hear(subscribed(command, sid))
        return self


def line(*tickers: str) -> Line:
    return Line(tickers or (TICKER,)).connect()


# --- opening -----------------------------------------------------------------------------------


def test_a_connection_asks_for_our_fills_orders_and_books_in_yes_prices():
    opening = Line([OTHER, TICKER]).opening
    assert [command["params"]["channels"] for command in opening] == [[name] for name in CHANNELS]
    assert opening[BOOKS]["params"] == {
        "channels": ["orderbook_delta"],
        "market_tickers": [TICKER, OTHER],
        "use_yes_price": True,
    }
    assert len({command["id"] for command in opening}) == 5


def test_it_is_connected_once_every_channel_is_open_and_not_before():
    start = Line()
    replies = [subscribed(command, sid) for sid, command in enumerate(start.opening, start=1)]
    assert start.hear(*replies[:3]) == []
    assert start.hear(replies[3]) == [Connected(NOW)]


def test_a_book_follows_its_snapshot_and_its_changes():
    books = line().hear(snapshot(), delta(2), delta(3, side="no", price_dollars="0.3200"))
    assert [type(book) for book in books] == [Book, Book, Book]
    assert books[-1].bids == levels([("0.3100", "5.00"), ("0.3000", "10.00")])
    assert books[-1].asks == levels([("0.3200", "5.00"), ("0.3300", "10.00")])


# --- following other markets -------------------------------------------------------------------


def test_other_markets_are_followed_by_changing_the_subscription():
    at = line(TICKER)
    [add, drop] = at.session.watch([OTHER], 0.0)
    assert (add["cmd"], add["params"]) == (
        "update_subscription",
        {"sids": [4], "action": "add_markets", "market_tickers": [OTHER]},
    )
    assert drop["params"]["action"] == "delete_markets"
    assert at.session.watch([OTHER], 0.0) == []
    assert at.hear(snapshot(OTHER))[0].ticker == OTHER
    assert at.hear(snapshot(TICKER, seq=2)) == [], "a market that is not followed is no news"


def test_what_is_wanted_while_the_answer_is_out_is_asked_for_afterwards():
    start = Line([TICKER])
    assert start.session.watch([TICKER, OTHER], 0.0) == []
    start.connect()
    [command] = start.commands
    assert command["params"]["market_tickers"] == [OTHER]


def test_without_markets_no_books_are_asked_for_until_there_are_some():
    start = Line([])
    assert len(start.opening) == 4
    assert start.connect().commands == []
    [command] = start.session.watch([TICKER], 0.0)
    assert command["params"]["channels"] == ["orderbook_delta"]


# --- books that are lost -----------------------------------------------------------------------


def test_after_a_gap_a_snapshot_is_asked_for_and_nothing_is_told_meanwhile():
    at = line(TICKER, OTHER)
    at.hear(snapshot(), snapshot(OTHER, seq=2))
    assert at.hear(delta(4)) == []
    [command] = at.commands
    assert command["params"] == {
        "sids": [4],
        "action": "get_snapshot",
        "market_tickers": [TICKER, OTHER],
    }
    assert at.hear(delta(5)) == []
    assert [book.ticker for book in at.hear(snapshot(seq=6), snapshot(OTHER, seq=7))] == [
        TICKER,
        OTHER,
    ]
    at.now_s = 60.0
    at.session.check(at.now_s)
    assert at.oddities.counts["lost books"] == 1


def test_a_snapshot_that_does_not_come_costs_the_connection():
    at = line()
    at.hear(snapshot(), delta(3))
    at.session.check(9.9)
    with pytest.raises(ExchangeDown, match=TICKER):
        at.session.check(10.1)


def test_a_snapshot_that_nobody_wants_any_more_may_stay_away():
    at = line(TICKER, OTHER)
    at.hear(snapshot(), snapshot(OTHER, seq=2), delta(4))
    [drop] = at.session.watch([OTHER], 0.0)
    at.hear({"id": drop["id"], "type": "ok", "sid": 4, "seq": 5, "msg": {}})
    at.hear(snapshot(OTHER, seq=6))
    at.session.check(1000.0)


def test_books_that_are_never_whole_cost_the_connection():
    at = line()
    crossed = {"yes_dollars_fp": [["0.5000", "1.00"]], "no_dollars_fp": [["0.4000", "1.00"]]}
    for seq in range(1, 6):
        assert at.hear(snapshot(seq=seq, **crossed)) == []
    with pytest.raises(ExchangeDown, match="5 times"):
        at.hear(snapshot(seq=6, **crossed))


def test_a_good_book_wipes_out_what_was_lost_before():
    at = line()
    for n in range(20):
        at.hear(snapshot(seq=3 * n + 1), delta(3 * n + 3))
    assert at.oddities.counts["lost books"] == 20


# --- orders and fills --------------------------------------------------------------------------


def told(kind: str, message: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "sid": 1, "msg": message}


def test_a_fill_is_told_with_our_intents_name_whether_or_not_the_frame_has_it():
    at = line()
    [fill] = at.hear(told("fill", stream_fill_json(client_order_id="an-intent")))
    assert isinstance(fill, Fill)
    assert (fill.fill_id, fill.intent_id) == (TRADE, "an-intent")
    at.names[UUID] = "another-intent"
    assert at.hear(told("fill", stream_fill_json()))[0].intent_id == "another-intent"


def test_a_fill_of_an_order_we_have_not_met_is_told_as_such_and_not_lost():
    [news] = line().hear(told("fill", stream_fill_json()))
    assert isinstance(news, UnnamedFill)
    assert news.order_id == UUID


def test_the_news_of_an_order_is_a_step_of_its_life():
    [update] = line().hear(told("user_order", user_order_json("an-intent", status="executed")))
    assert update == OrderUpdate(
        "an-intent", OrderStep.FINISH, NOW, order_id=UUID, filled=D("1.56"), reason="executed"
    )


def test_other_subaccounts_are_none_of_our_business():
    at = line()
    assert at.hear(told("fill", stream_fill_json(subaccount=3))) == []
    assert at.hear(told("user_order", user_order_json("x", subaccount_number=3))) == []
    assert len(at.hear(told("fill", stream_fill_json(subaccount=0)))) == 1


# --- changes of markets ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "message", "change"),
    [
        (
            "market_lifecycle_v2",
            {"market_ticker": TICKER, "event_type": "settled", "settled_ts": 1795435500},
            MarketChange(EVENT, TICKER, "settled", NOW),
        ),
        (
            "market_lifecycle_v2",
            {"market_ticker": TICKER, "event_type": "enchanted"},
            MarketChange(EVENT, TICKER, "enchanted", NOW),
        ),
        (
            "event_fee_update",
            {"event_ticker": EVENT, "fee_type_override": "flat", "fee_multiplier_override": None},
            MarketChange(EVENT, None, "event_fee_update", NOW),
        ),
        (
            "event_lifecycle",
            {"event_ticker": "KXHIGHNY-26NOV24", "title": "…"},
            MarketChange("KXHIGHNY-26NOV24", None, "event_lifecycle", NOW),
        ),
    ],
    ids=["settled", "a word that is new", "fees", "a new event"],
)
def test_changes_of_our_series_are_told(kind, message, change):
    assert line().hear(told(kind, message)) == [change]


def test_the_rest_of_the_exchange_is_passed_over():
    at = line()
    for ticker in ("KXBTCD-26NOV22-T100", "KXHIGHNYC-26NOV22-B50.5", "KXHIGHNY"):
        message = {"market_ticker": ticker, "event_type": "settled"}
        assert at.hear(told("market_lifecycle_v2", message)) == []
    assert not at.oddities.counts


# --- what goes wrong ---------------------------------------------------------------------------


def error(code: int, **changes: Any) -> dict[str, Any]:
    return {"type": "error", "msg": {"code": code, "msg": "in words"}} | changes


@pytest.mark.parametrize("code", [10, 25])
def test_a_channel_that_ended_is_subscribed_to_again_and_its_past_asked_for(code):
    at = line()
    assert at.hear(error(code, sid=1)) == []
    [command] = at.commands
    assert (command["cmd"], command["params"]["channels"]) == ("subscribe", ["fill"])
    assert at.hear(subscribed(command, 9)) == [Connected(NOW)]


@pytest.mark.parametrize("code", [10, 25])
def test_books_that_ended_are_subscribed_to_again_whole(code):
    at = line(TICKER, OTHER)
    at.hear(snapshot(), snapshot(OTHER, seq=2), error(code, sid=4))
    [command] = at.commands
    assert command["params"]["market_tickers"] == [TICKER, OTHER]
    at.hear(subscribed(command, 9))
    assert [book.ticker for book in at.hear(snapshot(seq=40, sid=9))] == [TICKER]


def test_an_end_of_nobody_knows_which_channel_costs_the_connection():
    with pytest.raises(ExchangeDown, match="cannot tell which"):
        line().hear(error(25))


def test_a_command_that_is_refused_costs_the_connection():
    start = Line()
    with pytest.raises(ExchangeDown, match="subscribe was refused"):
        start.hear(error(9, id=start.opening[0]["id"]))


def test_a_market_that_is_refused_does_not_cost_the_others_their_books():
    at = line(TICKER)
    third = f"{EVENT}-T57"
    [command] = at.session.watch([TICKER, OTHER, third], 0.0)
    about = {"code": 11, "msg": "market is closed", "market_ticker": OTHER}
    at.hear({"id": command["id"], "type": "error", "msg": about})
    [again] = at.commands
    assert again["params"] == {"sids": [4], "action": "add_markets", "market_tickers": [third]}


def test_a_market_that_is_refused_at_the_start_is_left_out():
    start = Line([TICKER, OTHER])
    books = start.opening[BOOKS]
    about = {"code": 11, "msg": "no such market", "market_tickers": [OTHER]}
    start.hear({"id": books["id"], "type": "error", "msg": about})
    [again] = start.commands
    assert again["params"]["market_tickers"] == [TICKER]


def test_an_error_about_nothing_of_ours_is_kept():
    at = line()
    assert at.hear(error(1), error(27, id=999)) == []
    assert (at.oddities.counts["error"], at.commands) == (2, [])


def test_a_command_that_is_not_answered_costs_the_connection():
    start = Line()
    start.session.check(10.0)
    with pytest.raises(ExchangeDown, match="no answer"):
        start.session.check(10.1)
    at = line()
    [command] = at.session.watch([TICKER, OTHER], 100.0)
    at.hear({"id": command["id"], "sid": 4, "seq": 1, "type": "ok", "msg": {"market_tickers": []}})
    at.session.check(1000.0)


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (told("horoscope", {}), "unknown horoscope"),
        ({}, "unknown None"),
        ({"type": ["fill"]}, "unknown ['fill']"),
        (told("fill", stream_fill_json(count_fp="many", client_order_id="x")), "unreadable fill"),
        ({"type": "fill"}, "unreadable fill"),
        (told("user_order", {"order_id": UUID}), "unreadable user_order"),
        (told("user_order", user_order_json("x", status="hovering")), "unreadable user_order"),
        (told("market_lifecycle_v2", {"market_ticker": 5}), "unreadable market_lifecycle_v2"),
        ({"type": "subscribed", "msg": {"channel": "fill"}}, "unreadable subscribed"),
        ({"type": "ok", "id": "one"}, "unreadable ok"),
        ({"type": "error", "id": [1], "msg": {"code": 10}, "sid": {}}, "unreadable error"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_counted_and_kept_and_changes_nothing(frame, kind):
    at = line()
    at.hear(snapshot())
    assert at.hear(frame) == []
    assert at.oddities.counts[kind] == 1
    assert len(at.hear(delta(2))) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "sid", "seq", "id", "msg", "code", "market_ticker", "channel"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=8,
)
TYPES = st.sampled_from(
    ["orderbook_snapshot", "orderbook_delta", "fill", "user_order", "market_lifecycle_v2", "error",
     "event_lifecycle", "event_fee_update", "subscribed", "ok", "unsubscribed", "trade"]
)  # fmt: skip


@given(
    st.lists(st.tuples(TYPES, st.dictionaries(st.sampled_from(["sid", "seq", "id", "msg"]), JSON)))
)
def test_no_frame_whatever_brings_more_than_the_end_of_a_connection(frames):
    at = line()
    for kind, body in frames:
        try:
            news = at.hear({"type": kind, **body})
        except ExchangeDown:
            return
        assert all(
            isinstance(one, Connected | MarketChange | UnnamedFill | Book | OrderUpdate)
            for one in news
        )


def test_the_latest_oddities_are_kept_and_all_are_counted():
    oddities = Oddities()
    for n in range(1000):
        oddities.note(NOW, "odd", f"{n}" + "x" * 5000)
    assert oddities.counts["odd"] == 1000
    assert len(oddities.latest) == 100
    assert {len(text) for _, _, text in oddities.latest} == {1000}
    assert oddities.latest[-1][2].startswith("999")


def test_what_becomes_of_an_order_group_is_told() -> None:
    at = line(TICKER)
    message = {"event_type": "triggered", "order_group_id": "og", "ts_ms": 1795363200000}
    frame = {"type": "order_group_updates", "sid": 5, "seq": 1, "msg": message}
    assert at.hear(frame) == [GroupChange("og", "triggered", NOW)]


def test_without_the_channel_of_groups_the_rest_goes_on() -> None:
    start = Line()
    *channels, groups = start.opening
    replies = [subscribed(command, sid) for sid, command in enumerate(channels, start=1)]
    refusal = {"id": groups["id"], "type": "error", "msg": {"code": 5, "msg": "no such channel"}}
    assert start.hear(refusal, *replies) == [Connected(NOW)]
    start.session.check(1e6)
