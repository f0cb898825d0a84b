"""Another market of the account, a game's, pays out in a way that we cannot read.

The specification allows it: a scalar result, no value. That row costs only itself. The payouts
beside it and the statement are there, and the account goes on being reconciled.
"""

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.kalshi.account.statement_source import StatementSource
from kalshi_edge.data.kalshi.auth import ApiKey
from kalshi_edge.domain.account_statement import AccountStatement
from kalshi_edge.domain.orders import Settlement
from tests.cases.account_stories import of
from tests.support.builders import TICKER
from tests.support.kalshi_answers import (
    account_client,
    balance_json,
    cutoff_json,
    payout_json,
    routed,
)

NOW = datetime(2026, 11, 23, 16, tzinfo=UTC)
GAME = {
    "ticker": "KXNBAGAME-26NOV22-X",
    "event_ticker": "KXNBAGAME-26NOV22",
    "market_result": "scalar",
    "value": None,
    "revenue": 73,
}


async def test_one_odd_payout_costs_only_itself() -> None:
    routes = {
        "GET /exchange/user_data_timestamp": {"as_of_time": "2026-11-23T15:59:59Z"},
        "GET /portfolio/balance": balance_json(),
        "GET /portfolio/positions": {"market_positions": [], "event_positions": [], "cursor": ""},
        "GET /portfolio/orders": {"orders": [], "cursor": ""},
        "GET /historical/cutoff": cutoff_json(),
        "GET /portfolio/fills": {"fills": [], "cursor": ""},
        "GET /portfolio/settlements": {
            "settlements": [payout_json(**GAME), payout_json()],
            "cursor": "",
        },
    }
    clock = ManualClock(NOW)
    key = ApiKey("a key", Ed25519PrivateKey.generate(), clock)
    account = account_client(routed(routes), key)
    source = StatementSource(account, clock, NOW)
    events = await source.ask()
    await account.aclose()
    assert of(AccountStatement, events), source.problem
    assert [one.ticker for one in of(Settlement, events)] == [TICKER]
