"""The preflight_checks and the API sample, against the sandbox's exchange on a real socket."""

from pathlib import Path
from typing import Any

import pytest

from kalshi_edge.config import Settings
from kalshi_edge.errors import OutcomeUnknown, SettingError
from kalshi_edge.operations.api_round_trip import Step, sample_steps
from kalshi_edge.operations.preflight import CheckResult, Grade, preflight_checks
from kalshi_sandbox.exchange.control.faults import ORDER_ENTRY, Fault, FaultKind
from kalshi_sandbox.server import Sandbox
from tests.support.served import served

pytestmark = [pytest.mark.realtime, pytest.mark.patient_time]


async def found(settings: Settings) -> dict[str, CheckResult]:
    return {finding.what: finding async for finding in preflight_checks(settings)}


async def walked(settings: Settings) -> list[Step]:
    return [step async for step in sample_steps(settings)]


def left_in_the_book(sandbox: Sandbox) -> list[Any]:
    """Orders of members that rest; those of members that never ordered would prove nothing."""
    members = [a for a in sandbox.exchange.venue.accounts.values() if not a.is_house]
    return [order for a in members for book in a.resting.values() for order in book.values()]


def ordered(sandbox: Sandbox) -> int:
    members = [a for a in sandbox.exchange.venue.accounts.values() if not a.is_house]
    return sum(len(a.orders) for a in members)


async def test_a_sound_machine_is_told_so_and_nothing_is_left_behind(tmp_path: Path) -> None:
    async with served(tmp_path) as (sandbox, settings):
        findings = await found(settings)
        assert not [f for f in findings.values() if f.grade is Grade.FAIL]
        assert {"clock", "signature", "permission", "balance", "store"} <= findings.keys()
        assert findings["balance"].figure.startswith("$1,000.0000")
        assert left_in_the_book(sandbox) == []
    assert not settings.store_path.exists(), "a look makes no store"


async def test_paper_mode_is_looked_at_without_a_key(tmp_path: Path) -> None:
    async with served(tmp_path, trading_mode="paper") as (_, settings):
        findings = await found(settings)
    assert {"key", "signature", "permission", "balance"}.isdisjoint(findings)
    assert findings["markets"].grade is Grade.PASS


async def test_where_nobody_answers_it_says_what_to_do_and_ends(tmp_path: Path) -> None:
    async with served(tmp_path) as (_, settings):
        pass
    findings = await found(settings)
    assert findings["exchange"].grade is Grade.FAIL
    assert "sandbox run" in findings["exchange"].advice
    assert "balance" not in findings


async def test_the_sample_ends_with_its_order_cancelled(tmp_path: Path) -> None:
    async with served(tmp_path) as (sandbox, settings):
        steps = await walked(settings)
        assert [s.name for s in steps] == [
            "authenticate",
            "balance",
            "markets",
            "place",
            "read",
            "cancel",
        ]
        assert steps[-1].result == "canceled, 1.00 taken back"
        assert ordered(sandbox) == 1
        assert left_in_the_book(sandbox) == []


async def test_a_sample_whose_answer_was_lost_takes_its_order_out_all_the_same(
    tmp_path: Path,
) -> None:
    async with served(tmp_path) as (sandbox, settings):
        method, path = ORDER_ENTRY
        sandbox.exchange.faults.add(Fault(FaultKind.DROP_AFTER, method=method, path=path))
        with pytest.raises(OutcomeUnknown):
            await walked(settings)
        assert ordered(sandbox) == 1
        assert left_in_the_book(sandbox) == []


async def test_the_sample_signs_nothing_in_paper_mode(tmp_path: Path) -> None:
    async with served(tmp_path, trading_mode="paper") as (_, settings):
        with pytest.raises(SettingError, match="paper"):
            await walked(settings)
