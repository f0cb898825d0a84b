"""What a series will charge is known before it does; what was announced is not forgotten after."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx

from kalshi_edge.clock import ManualClock
from kalshi_edge.data.kalshi.public_client import PublicClient
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.market import FeeChange, FeeRule, FeeType, Ladder
from tests.support.builders import NOW
from tests.support.kalshi_answers import (
    HOST,
    event_json,
    fee_change_json,
    markets_json,
    routed,
    series_json,
)

HOUR = timedelta(hours=1)
ONCE, TWICE = FeeRule(), FeeRule(multiplier=Decimal(2))


class Read:
    """A client that reads New York's ladder again and again."""

    def __init__(self, *announced: Any, **event: Any) -> None:
        self.clock = ManualClock(NOW)
        self.event = event
        self.routes: dict[str, Any] = {"GET /series/KXHIGHNY": series_json()}
        self.announce(*announced)
        transport = routed(self.routes)
        self.client = PublicClient(HOST, self.clock, lambda: 0.0, transport=transport)

    def announce(self, *changes: Any) -> None:
        self.routes["GET /series/fee_changes"] = {"series_fee_change_arr": list(changes)}

    async def ladder(self, **market: Any) -> Ladder:
        events = [event_json(markets=markets_json(**market), **self.event)]
        self.routes["GET /events"] = {"events": events, "cursor": ""}
        reading = await self.client.ladders([station_of("NYC")])
        self.refused = reading.refused
        return reading.found[0]


async def test_an_announced_change_is_known_before_it_takes_effect() -> None:
    ladder = await Read(fee_change_json()).ladder()
    assert ladder.fee_changes == (FeeChange(NOW + HOUR, TWICE, ONCE),)
    assert ladder.fee_rule_at(NOW) == ONCE
    assert ladder.fee_rule_at(NOW + HOUR - timedelta(seconds=1)) == ONCE
    assert ladder.fee_rule_at(NOW + HOUR) == TWICE


async def test_a_change_that_took_effect_is_still_known_to_have_been_announced() -> None:
    at = Read(fee_change_json())
    await at.ladder()
    at.clock.advance(2 * HOUR)
    at.announce()
    at.routes["GET /series/KXHIGHNY"] = series_json(fee_multiplier=2)
    ladder = await at.ladder()
    assert ladder.fee_rule == TWICE
    assert ladder.fee_rule_at(NOW) == ONCE, "a fill of before is judged by what was charged then"
    assert ladder.fee_changes == (FeeChange(NOW + HOUR, TWICE, ONCE),)


async def test_a_change_that_is_called_off_is_forgotten() -> None:
    at = Read(fee_change_json())
    assert (await at.ladder()).fee_changes
    at.announce()
    assert (await at.ladder()).fee_changes == ()


async def test_several_changes_follow_one_another() -> None:
    later = fee_change_json(id="b", scheduled_ts="2026-11-22T18:00:00Z", fee_type="flat")
    ladder = await Read(later, fee_change_json()).ladder()
    flat = FeeRule(FeeType.FLAT, Decimal(2))
    rules = [ladder.fee_rule_at(NOW + hours * HOUR) for hours in range(4)]
    assert rules == [ONCE, TWICE, flat, flat]
    assert [change.before for change in ladder.fee_changes] == [ONCE, TWICE]


async def test_an_event_with_fees_of_its_own_is_not_touched_by_its_series() -> None:
    own: dict[str, Any] = {"fee_type_override": "quadratic", "fee_multiplier_override": 0.5}
    ladder = await Read(fee_change_json(), **own).ladder()
    assert ladder.fee_changes == ()
    assert ladder.fee_rule_at(NOW + 2 * HOUR) == FeeRule(multiplier=Decimal("0.5"))


async def test_a_change_of_another_series_is_none_of_this_one() -> None:
    assert (await Read(fee_change_json(series_ticker="KXNBAGAME")).ladder()).fee_changes == ()


async def test_an_announcement_that_cannot_be_read_is_named_and_costs_only_itself() -> None:
    at = Read(fee_change_json(id="odd", scheduled_ts="soon"), fee_change_json())
    assert len((await at.ladder()).fee_changes) == 1
    assert [one.name for one in at.refused] == ["odd"]


async def test_without_the_list_ladders_are_there_and_what_was_known_stays_known() -> None:
    at = Read(fee_change_json())
    await at.ladder()
    at.routes["GET /series/fee_changes"] = httpx.Response(403)
    assert len((await at.ladder()).fee_changes) == 1
    assert [one.name for one in at.refused] == ["fee changes"]


async def test_a_market_whose_fees_are_waived_says_until_when() -> None:
    until = NOW + HOUR
    ladder = await Read().ladder(fee_waiver_expiration_time="2026-11-22T17:00:00Z")
    assert {market.fee_waived_until for market in ladder.markets} == {until}
    assert ladder.fee_rule_at(NOW) == ONCE, "nothing is decided on a waiver"


async def test_without_a_waiver_there_is_none() -> None:
    ladder = await Read().ladder(fee_waiver_expiration_time=None)
    assert {market.fee_waived_until for market in ladder.markets} == {None}
