"""What a trader is built with where the world runs faster than the machine."""

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from kalshi_edge.data.kalshi.account.account_client import AccountClient
from kalshi_edge.data.kalshi.account.statement_source import STALE_AFTER, StatementSource
from kalshi_edge.runtime.bootstrap import three_statements

NOW = datetime(2026, 11, 22, 16, tzinfo=UTC)


class PacedClock:
    """A world's clock that stands at noon, where time passes ``speed`` times as fast."""

    def __init__(self, speed: float) -> None:
        self.speed = speed

    def now(self) -> datetime:
        return NOW

    def delay_s(self, until: datetime) -> float:
        return (until - NOW).total_seconds() / self.speed


@pytest.mark.parametrize(("speed", "lasts"), [(1, 90), (300, 27_000)])
def test_three_statements_take_more_of_a_faster_worlds_time(speed: float, lasts: float) -> None:
    assert three_statements(PacedClock(speed)).total_seconds() == pytest.approx(lasts)


@pytest.mark.parametrize(("age_min", "is_stale"), [(5, False), (61, True)])
def test_an_account_is_stale_once_it_was_not_heard_for_so_long(
    age_min: int, is_stale: bool
) -> None:
    account, clock = cast(AccountClient, None), PacedClock(1)
    slow = StatementSource(account, clock, NOW, stale_after=timedelta(hours=1))
    slow.last_success_at = NOW - timedelta(minutes=age_min)
    assert slow.status.is_stale is is_stale
    usual = StatementSource(account, clock, NOW)
    usual.last_success_at = NOW - STALE_AFTER - timedelta(seconds=1)
    assert usual.status.is_stale
