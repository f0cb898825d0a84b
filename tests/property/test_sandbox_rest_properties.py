"""Whatever is asked of the REST interface is answered or refused, never a crash."""

import asyncio
import json
import re

from hypothesis import given
from hypothesis import strategies as st

from kalshi_sandbox.exchange.rest.routes import ROUTES
from kalshi_sandbox.exchange.stream.hub import Hub
from kalshi_sandbox.exchange.stream.session import Session
from tests.support.sandbox_builders import BIN, TODAY, client, exchange, member, order, order_body

NAMES = (
    "limit", "cursor", "status", "ticker", "tickers", "event_ticker", "min_ts", "max_ts",
    "depth", "start_ts", "end_ts", "period_interval", "subaccount", "exchange_index",
    "market_tickers", "count_filter", "settlement_status", "min_close_ts", "max_updated_ts",
    "with_nested_markets", "is_block_trade", "include_latest_before_start",
)  # fmt: skip
junk = st.one_of(
    st.sampled_from(["", "0", "-1", "1", "60", "9" * 30, "true", "open", BIN, TODAY, "1e5", "%00"]),
    st.text(max_size=12),
)
queries = st.dictionaries(st.sampled_from(NAMES), junk, max_size=5)
leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), junk)
bodies = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([*order_body(), "orders", "reduce_by", "contracts_limit", "order_id"]),
            inner,
            max_size=8,
        ),
    ),
    max_leaves=12,
)
orders = st.builds(lambda whole, change: whole | change, st.just(order_body()), st.dictionaries(
    st.sampled_from(sorted(order_body())), leaves, max_size=2
))  # fmt: skip


def path_of(route) -> str:
    names = {"series_ticker": "KXHIGHNY", "event_ticker": TODAY, "ticker": BIN}
    return re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], "x"), route.path)


@given(st.sampled_from(ROUTES), queries, st.one_of(bodies, orders, st.binary(max_size=20)))
def test_no_request_is_answered_by_a_crash(route, query, body) -> None:
    on = exchange()
    on.desk.place(member(on), order("ask"))
    asking = client(on)

    async def ask() -> int:
        content = None if route.method == "GET" else body
        answer = await asking.ask(route.method, path_of(route), content, **query)
        return answer.status_code

    assert asyncio.run(ask()) < 500


commands = st.dictionaries(
    st.sampled_from(["channels", "market_ticker", "market_tickers", "market_ids", "sid", "sids",
                     "action", "use_yes_price", "send_initial_snapshot"]),
    st.one_of(leaves, st.lists(st.sampled_from(["ticker", "orderbook_delta", BIN, 1, None]),
                               max_size=3)),
    max_size=5,
)  # fmt: skip
verbs = st.sampled_from(["subscribe", "unsubscribe", "update_subscription", "list_subscriptions"])


@given(st.lists(st.tuples(verbs, st.one_of(commands, leaves)), max_size=6))
def test_no_command_is_answered_by_a_crash(script) -> None:
    on = exchange()
    session: Session = Hub(on).connect(member(on))
    for number, (verb, params) in enumerate(script):
        session.receive(json.dumps({"id": number, "cmd": verb, "params": params}))
        assert session.outgoing
    on.desk.place(member(on), order())
