"""The preflight_checks and the API sample, against the sandbox's exchange on a real socket."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kalshi_edge.api.server import Address, bound
from kalshi_edge.config import Settings, load_settings
from kalshi_edge.data.weather.sources.addresses import WeatherAddresses
from kalshi_edge.db.open_store import open_store
from kalshi_edge.errors import OutcomeUnknown, SettingError
from kalshi_edge.operations.api_round_trip import Step, sample_steps
from kalshi_edge.operations.check_results import CheckResult, Grade
from kalshi_edge.operations.preflight import preflight_checks
from kalshi_edge.operations.source_checks import source_checks
from kalshi_edge.runtime.environment import environment_of
from kalshi_edge.runtime.lease import LeaseHolder
from kalshi_edge.runtime.sandbox_process import free_port
from kalshi_sandbox.exchange.control.faults import ORDER_ENTRY, Fault, FaultKind
from kalshi_sandbox.server import Sandbox
from tests.support.served import served
from tests.support.trader_process import ROOT

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
    async with served(tmp_path, api_port=0) as (sandbox, settings):
        findings = await found(settings)
        assert not [f for f in findings.values() if f.grade is Grade.FAIL]
        assert {
            "mode",
            "limits",
            "contact",
            "versions",
            "permissions",
            "folders",
            "disk",
            "port",
            "api",
            "dashboard",
            "key",
            "exchange",
            "clock",
            "markets",
            "fees",
            "signature",
            "permission",
            "balance",
            "positions",
            "store",
            "NBP",
            "NBS",
            "NWS forecast",
            "observations",
            "climate reports",
            "daily summaries",
        } <= findings.keys()
        assert findings["NBP"].grade is Grade.PASS
        assert findings["fees"].figure == "quadratic × 1 in 1 series"
        assert findings["balance"].figure.startswith("$1,000.0000")
        assert left_in_the_book(sandbox) == []
    assert not any(settings.store_path.parent.iterdir()), "a look writes nothing"


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


async def test_what_run_would_fail_on_is_found(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("x")
    (tmp_path / "key.pem").chmod(0o644)
    with bound(Address("127.0.0.1", 0)) as taken:
        changes = {
            "api_port": taken.getsockname()[1],
            "store_path": tmp_path / "nowhere" / "trader.db",
            "kalshi_private_key_path": tmp_path / "key.pem",
            "sandbox_url": f"http://127.0.0.1:{free_port()}",
        }
        findings = await found(load_settings(trading_mode="demo", cities="NYC", **changes))
    grades = {what: finding.grade for what, finding in findings.items()}
    assert grades["port"] is Grade.FAIL
    assert grades["folders"] is Grade.FAIL
    assert "STORE_PATH" in findings["folders"].figure
    assert grades["permissions"] is Grade.WARN
    assert grades["exchange"] is Grade.FAIL


async def test_a_trader_that_runs_with_the_store_is_named(tmp_path: Path) -> None:
    async with served(tmp_path, trading_mode="paper") as (_, settings):
        async with (
            open_store(settings, "synthetic paper") as store,
            LeaseHolder(store, "that-machine:7").held(),
        ):
            findings = await found(settings)
        assert findings["store"].grade is Grade.WARN
        assert "that-machine:7 trades with it" in findings["store"].figure


async def test_offices_that_are_away_are_named_and_only_the_traded_one_stops(
    tmp_path: Path,
) -> None:
    async with served(tmp_path, trading_mode="paper") as (_, settings):
        environment = await environment_of(settings)
        away = replace(environment, addresses=WeatherAddresses.under("http://127.0.0.1:9"))
        results = {one.what: one async for one in source_checks(settings, away)}
    assert {name for name, one in results.items() if one.grade is Grade.FAIL} == {"NBP"}
    assert all(one.grade is not Grade.PASS and one.advice for one in results.values())


def test_the_document_has_every_check_and_the_exit_code_says_the_same(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "API_PORT": "0",
        "SANDBOX_URL": f"http://127.0.0.1:{free_port()}",
    }  # fmt: skip
    said = subprocess.run(
        [sys.executable, "-m", "kalshi_edge", "doctor", "--json"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    document = json.loads(said.stdout)
    assert (said.returncode, document["would_start"], said.stderr) == (2, False, "")
    assert document["is_synthetic"]
    failed = {check["what"] for check in document["checks"] if check["grade"] == "FAIL"}
    assert failed == {"exchange"}


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
