"""What DynamoDB alone asks of its store: races, tokens, pages, limits, expiry, and refusals.

AWS's own engine does all of it but refusing for want of capacity, which is put in its way here.
"""

import asyncio
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from kalshi_edge.db.dynamo import client
from kalshi_edge.db.dynamo.client import Dynamo
from kalshi_edge.db.dynamo.config import DynamoConfig, Keep
from kalshi_edge.db.dynamo.items import JOURNAL, PART_BYTES, TRADES, TTL, line_key
from kalshi_edge.db.dynamo.store import DynamoStore
from kalshi_edge.db.dynamo.tables import create_tables, delete_tables, described
from kalshi_edge.db.dynamo.writes import number, text
from kalshi_edge.domain.orders import Order, derived_id
from kalshi_edge.domain.verdicts import Alarm
from kalshi_edge.errors import StoreError
from tests.contract.store.test_store_contract import TRADE, line
from tests.support.builders import DAY, NOW, intent
from tests.support.dynamodb_local import place, tables_of

D = Decimal


@pytest.fixture
async def where(dynamodb: str, request: pytest.FixtureRequest) -> DynamoConfig:
    """Tables of this test's own."""
    made = place(dynamodb, f"t{derived_id(request.node.nodeid)}")
    await tables_of(made)
    return made


@pytest.fixture
async def store(where: DynamoConfig) -> AsyncIterator[DynamoStore]:
    async with DynamoStore(where, "paper") as opened:
        yield opened


# --- many at once ---------------------------------------------------------------------------------


async def test_of_fifty_writers_of_one_intent_exactly_one_wins(where: DynamoConfig) -> None:
    order = Order(intent())
    stores = [DynamoStore(where, "paper") for _ in range(10)]
    for one in stores:
        await one.begin()
    added = await asyncio.gather(*(stores[n % 10].add_order(order) for n in range(50)))
    assert Counter(added) == {True: 1, False: 49}
    assert await stores[0].orders() == [order]
    for one in stores:
        await one.close()


async def test_of_twenty_writers_of_one_line_exactly_one_wins(where: DynamoConfig) -> None:
    stores = [DynamoStore(where, "paper") for _ in range(4)]
    for one in stores:
        await one.begin()
    told = await asyncio.gather(
        *(stores[n % 4].append(line(1, Alarm("n", str(n)))) for n in range(20)),
        return_exceptions=True,
    )
    assert sum(answer is None for answer in told) == 1
    assert all(isinstance(answer, StoreError) for answer in told if answer is not None)
    assert len(await stores[0].journal()) == 1
    for one in stores:
        await one.close()


# --- refusals, put in the way ---------------------------------------------------------------------


class Refusing:
    """Refuses the first ``times`` requests of a kind, as DynamoDB does when asked too much."""

    def __init__(self, dynamo: Dynamo, operation: str, code: str, times: int) -> None:
        self._call, self._operation, self._code = dynamo.call, operation, code
        self.left = times

    async def __call__(self, operation: str, **request: Any) -> dict[str, Any]:
        if operation == self._operation and self.left > 0:
            self.left -= 1
            raise ClientError({"Error": {"Code": self._code, "Message": "refused"}}, operation)
        return await self._call(operation, **request)


@pytest.mark.parametrize(
    "code",
    [
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
    ],
)
async def test_what_is_refused_for_a_while_is_done_in_the_end_and_once(
    store: DynamoStore, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr(client, "FIRST_PAUSE_S", 0.001)
    refusing = Refusing(store.dynamo, "transact_write_items", code, times=3)
    monkeypatch.setattr(store.dynamo, "call", refusing)
    await store.append(line(1))
    assert refusing.left == 0
    assert await store.last_seq() == 1


async def test_who_is_refused_for_too_long_gives_up_with_a_sentence(
    store: DynamoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "FIRST_PAUSE_S", 0.0001)
    monkeypatch.setattr(client, "LONGEST_PAUSE_S", 0.0001)
    refusing = Refusing(store.dynamo, "transact_write_items", "ThrottlingException", times=10**6)
    monkeypatch.setattr(store.dynamo, "call", refusing)
    with pytest.raises(StoreError, match=f"refused {client.ATTEMPTS} times"):
        await store.append(line(1))
    refusing.left = 0
    assert await store.last_seq() == 0
    await store.append(line(1))


async def test_an_answer_that_is_lost_does_not_make_a_line_twice(
    store: DynamoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request was carried out; its answer was not heard; the same token asks again."""
    monkeypatch.setattr(client, "FIRST_PAUSE_S", 0.001)
    whole, lost = store.dynamo.call, 1

    async def forgetful(operation: str, **request: Any) -> dict[str, Any]:
        nonlocal lost
        answer = await whole(operation, **request)
        if operation == "transact_write_items" and lost:
            lost -= 1
            error = {"Error": {"Code": "TransactionInProgressException", "Message": "lost"}}
            raise ClientError(error, operation)
        return answer

    monkeypatch.setattr(store.dynamo, "call", forgetful)
    await store.append(line(1))
    assert lost == 0
    assert [one.seq for one in await store.journal()] == [1]


async def test_batch_writes_repeat_what_was_left_undone(
    store: DynamoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "FIRST_PAUSE_S", 0.001)
    whole, told = store.dynamo.call, 0

    async def half(operation: str, **request: Any) -> dict[str, Any]:
        nonlocal told
        if operation != "batch_write_item":
            return await whole(operation, **request)
        ((name, puts),) = request["RequestItems"].items()
        done, left = puts[: max(1, len(puts) // 2)], puts[max(1, len(puts) // 2) :]
        told += len(done)
        answer = await whole(operation, **{**request, "RequestItems": {name: done}})
        return {**answer, "UnprocessedItems": {name: left} if left else {}}

    monkeypatch.setattr(store.dynamo, "call", half)
    items = [{"pk": text("many"), "sk": text(f"{n:03d}")} for n in range(60)]
    await store.dynamo.put_many(JOURNAL, items)
    assert told == 60
    assert len(await store._items("many")) == 60


# --- size -----------------------------------------------------------------------------------------


def noise(size: int) -> str:
    """Text that does not compress."""
    return "".join(derived_id(n) for n in range(size // 32 + 1))[:size]


async def test_a_line_larger_than_an_item_comes_back_whole(store: DynamoStore) -> None:
    entry = line(1, Alarm("long", noise(3 * PART_BYTES)))
    assert len(zlib.compress(entry.verdicts[0].text.encode(), 6)) > PART_BYTES
    await store.append(entry)
    assert await store.journal() == [entry]


async def test_a_line_of_more_records_than_a_transaction_takes_is_whole_or_not_there(
    store: DynamoStore, where: DynamoConfig
) -> None:
    trades = [replace(TRADE, trade_id=f"t{n}") for n in range(250)]
    await store.append(line(1, *trades))
    assert len(await store.trades()) == 250
    assert await store.last_seq() == 1


async def test_a_long_line_that_broke_off_is_finished_by_the_next_start(
    store: DynamoStore, where: DynamoConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    trades = [replace(TRADE, trade_id=f"t{n}") for n in range(250)]
    whole, left = store.dynamo.call, 2

    async def dying(operation: str, **request: Any) -> dict[str, Any]:
        nonlocal left
        if operation == "transact_write_items":
            if left == 0:
                raise ClientError({"Error": {"Code": "Died", "Message": "gone"}}, operation)
            left -= 1
        return await whole(operation, **request)

    monkeypatch.setattr(store.dynamo, "call", dying)
    with pytest.raises(StoreError):
        await store.append(line(1, *trades))
    async with DynamoStore(where, "paper") as following:
        assert len(await following.trades()) == 250
        await following.append(line(2))


async def test_what_fills_more_than_a_page_of_a_megabyte_is_read_to_its_end(
    store: DynamoStore,
) -> None:
    for seq in range(1, 9):
        await store.append(line(seq, Alarm("long", noise(250_000))))
    assert [one.seq for one in await store.journal()] == list(range(1, 9))
    assert [one.seq for one in await store.journal(2, 3)] == [3, 4, 5]


@pytest.mark.parametrize(
    "value",
    ["0", "-0.01", "12345678901234567890.123456789012345678", "1E-130", "9.99E+125"],
)
async def test_numbers_come_back_to_the_last_digit(store: DynamoStore, value: str) -> None:
    exact = D(value)
    trade = replace(TRADE, paid=exact)
    await store.append(line(1, trade))
    (found,) = await store.trades()
    assert (found.paid, str(found.paid)) == (exact, str(exact))
    item = await store.dynamo.get(TRADES, {"mode": text("paper"), "trade_id": text(trade.trade_id)})
    assert item is not None
    (kept,) = item["paid"].values()
    assert D(kept) == exact


def test_a_number_of_more_digits_than_dynamodb_has_is_kept_as_text() -> None:
    long = D("1." + "1" * 50)
    assert number(long) == {"S": str(long)}


# --- expiry, indexes, tables ----------------------------------------------------------------------


async def test_every_record_says_when_it_may_go_and_audit_stays_longer(where: DynamoConfig) -> None:
    keep = Keep(journal=timedelta(days=30), audit=timedelta(days=3000))
    async with DynamoStore(where, "paper", keep) as store:
        await store.append(line(1, TRADE))
        entry = await store.dynamo.get(JOURNAL, line_key(1))
        key = {"mode": text("paper"), "trade_id": text(TRADE.trade_id)}
        trade = await store.dynamo.get(TRADES, key)
    assert entry is not None
    assert trade is not None
    assert int(entry[TTL]["N"]) == int((NOW + keep.journal).timestamp())
    assert int(trade[TTL]["N"]) == int((NOW + keep.audit).timestamp())


async def test_a_days_trades_come_from_the_index_and_nothing_scans(store: DynamoStore) -> None:
    other = DAY + timedelta(days=1)
    trades = [
        replace(TRADE, trade_id=f"{city}{day}", city=city, climate_day=day)
        for city in ("NYC", "CHI")
        for day in (DAY, other)
    ]
    await store.append(line(1, *trades))
    store.dynamo.usage.requests.clear()
    assert {t.city for t in await store.trades(day=DAY)} == {"NYC", "CHI"}
    assert [t.trade_id for t in await store.trades(day=other, city="CHI")] == [f"CHI{other}"]
    assert len(await store.trades(city="NYC")) == 2
    await store.orders(live_only=True)
    await store.calibrations("NYC")
    await store.daily_records()
    await store.terms()
    await store.switch(NOW)
    assert set(store.dynamo.usage.requests) <= {"query", "get_item", "batch_get_item"}
    assert store.dynamo.usage.read_units > 0


async def test_tables_are_made_once_and_taken_away(dynamodb: str) -> None:
    dynamo = Dynamo(place(dynamodb, "made-once"))
    assert {state.status for state in await described(dynamo)} == {""}
    assert len(await create_tables(dynamo)) >= 8
    assert await create_tables(dynamo) == []
    states = await described(dynamo)
    assert {state.status for state in states} == {"ACTIVE"}
    assert all(state.expires for state in states)
    assert len(await delete_tables(dynamo)) == 4
    assert await delete_tables(dynamo) == []
    dynamo.close()


async def test_without_tables_the_store_says_what_makes_them(dynamodb: str) -> None:
    with pytest.raises(StoreError, match="kalshi-edge tables create"):
        async with DynamoStore(place(dynamodb, "nothing-here"), "paper"):
            pass
