"""Evidence over the API: the journal's figures, and a person's word on how far money may go."""

import asyncio
import json
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from kalshi_edge.clock import ManualClock
from kalshi_edge.db.sqlite import SqliteStore
from kalshi_edge.domain.events import SetStage
from kalshi_edge.domain.evidence_cells import CellBatch, EvidenceCell, FirstDecision, SeenLadder
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import Settlement
from kalshi_edge.domain.records import Trade
from kalshi_edge.domain.verdicts import Verdict
from tests.support.api_harness import EVE, ApiHarness, desk
from tests.support.evidence_days import HIGHS, evidence_days

pytestmark = pytest.mark.patient_time

DAYS = evidence_days(HIGHS, EVE)


async def evidence(at: ApiHarness, **asked: int) -> Any:
    return (await at.http.get("/api/evidence", params=asked)).raise_for_status().json()


async def plays(at: ApiHarness) -> None:
    assert isinstance(at.trader.clock, ManualClock)
    for event in DAYS:
        at.trader.clock.set(event.received_at)
        await at.tell(event)


# --- figures ----------------------------------------------------------------------------------


def recounted(
    lines: Sequence[JournalEntry], cell: EvidenceCell
) -> tuple[Fraction, Fraction, int, int]:
    """Skill E, money E, ladders and decisions of a cell on the eve: exact, from the journal."""
    verdicts: list[Verdict] = [one for line in lines for one in line.verdicts]
    paid = {
        event.ticker: event.value
        for line in lines
        for event in line.events
        if isinstance(event, Settlement)
    }
    trades = {one.trade_id: one for one in verdicts if isinstance(one, Trade)}
    decided = {
        one.event_ticker: one
        for one in reversed(verdicts)
        if isinstance(one, FirstDecision) and one.cell_id == cell.cell_id
    }
    skill = [Fraction(1), Fraction(1)]
    money = [[Fraction(1)] * 4, [Fraction(1)] * 4]
    ladders = decisions = 0
    for seen in verdicts:
        if not isinstance(seen, SeenLadder) or seen.lead is not cell.lead:
            continue
        tickers = [ticker for ticker in paid if ticker.startswith(seen.event_ticker)]
        won = [paid[ticker] for ticker in tickers].index(Decimal(1))
        odd = seen.climate_day.toordinal() % 2
        said = max(Fraction(dict(seen.said)[cell.model][won]), Fraction(1, 10_000))
        skill[odd] *= said / Fraction(seen.mid[won])
        ladders += 1
        if (decision := decided.get(seen.event_ticker)) is None:
            continue
        decisions += 1
        if decision.trades:
            closed = (trades.get(name) for name in decision.trades)  # what nobody sold us is none
            brought = sum(Fraction(one.pnl or 0) for one in closed if one is not None)
        else:
            pays = (Fraction(leg.count * paid[leg.ticker]) for leg in decision.legs)
            brought = sum(pays) - Fraction(decision.asked)
        r = brought / Fraction(decision.asked)
        shares = (Fraction(5, 100), Fraction(10, 100), Fraction(20, 100), Fraction(40, 100))
        money[odd] = [x * (1 + k * r) for x, k in zip(money[odd], shares, strict=True)]
    return sum(skill) / 2, sum(map(sum, money)) / 8, ladders, decisions


async def test_the_figures_are_those_of_a_slow_reference() -> None:
    async with desk() as at:
        await plays(at)
        shown = {one["cell_id"]: one for one in (await evidence(at))["by_cell"]}
        lines = await at.trader.store.journal()
    cells = [
        cell
        for line in lines
        for batch in line.verdicts
        if isinstance(batch, CellBatch)
        for cell in batch.cells
    ]
    assert set(shown) == {cell.cell_id for cell in cells}
    counted = set()
    for cell in cells:
        one = shown[cell.cell_id]
        skill, money, ladders, decisions = recounted(lines, cell)
        assert one["skill_e"] == pytest.approx(float(skill), rel=1e-9)
        assert one["money_e"] == pytest.approx(float(money), rel=1e-9)
        assert (one["ladders"], one["decisions"]) == (ladders, decisions)
        counted.add((ladders > 0, decisions > 0, money > 1))
    # cells without a ladder, without a decision, with a loss and with a gain: it was a test of all
    assert counted == {(False, False, False), (True, False, False), (True, True, False),
                       (True, True, True)}  # fmt: skip


async def test_a_series_ends_at_the_figures_and_is_as_long_as_was_asked_for() -> None:
    async with desk() as at:
        await plays(at)
        whole, short = await evidence(at), await evidence(at, points=2)
        refused = await at.http.get("/api/evidence", params={"points": 201})
    assert refused.status_code == 422
    with_ladders = [one for one in whole["by_cell"] if one["ladders"]]
    assert len(with_ladders) == 6
    for one in with_ladders:
        series = one["series"]
        assert series["ladders"] == list(range(1, len(HIGHS) + 1))
        assert (series["skill_e"][-1], series["money_e"][-1]) == (one["skill_e"], one["money_e"])
        assert series["decisions"][-1] == one["decisions"]
        assert series["at"] == sorted(series["at"])
        again = next(two for two in short["by_cell"] if two["cell_id"] == one["cell_id"])
        assert again["series"]["ladders"] == series["ladders"][-2:]
        assert whole["rules"][one["rule"]].startswith("min_edge=0.05")


async def test_after_a_restart_the_same_is_shown() -> None:
    store = SqliteStore(":memory:", mode="paper")
    async with desk(store=store) as at:
        await plays(at)
        before = await evidence(at)
    async with desk(store=store) as at:
        assert await evidence(at) | {"at": before["at"]} == before
    assert before["seq"] > 0
    assert before["by_cell"][0]["is_traded"]
    await store.close()


async def test_before_the_first_cycle_it_says_that_there_is_nothing() -> None:
    async with desk() as at:
        found = await evidence(at)
    assert (found["by_cell"], found["cells"], found["seq"]) == ([], 0, 0)
    assert found["text"].startswith("No cell is registered yet")


async def test_the_live_connection_tells_when_a_cell_has_changed_and_only_then() -> None:
    async with desk() as at:
        state = json.loads((await at.http.get("/api/live")).text)["state"]
        assert state["evidence"]["seq"] == 0
        told = []
        at.api.topics.changes()
        for event in DAYS:
            await at.tell(event)
            changed = at.api.topics.changes().whole.get("evidence")
            if changed is not None:
                told.append(json.loads(changed))
        lines = await at.trader.store.journal()
    spoke = [
        line.seq
        for line in lines
        if any(type(one).__name__ in {"CellBatch", "CellState"} for one in line.verdicts)
    ]
    assert len(spoke) == 1 + len(HIGHS)
    assert {one["seq"] for one in told} <= set(spoke)
    assert told[-1]["seq"] == spoke[-1]
    assert told[-1]["text"].startswith("24 cells are registered in 3 batches since 2026-11-21")


async def test_a_ladder_shows_every_models_probabilities_and_what_ours_has_earned() -> None:
    async with desk() as at:
        for event in evidence_days(HIGHS[:1], EVE)[:-7]:
            await at.tell(event)
        (day,) = (await at.http.get("/api/markets/NYC")).json()["days"]
        shown = day["forecast"]
        assert [one["model"] for one in shown["models"]] == ["seed", "emos", "posterior"]
        for fair in (shown["mid"], *(one["fair"] for one in shown["models"])):
            assert sum(fair) == pytest.approx(1)
            assert len(fair) == len(shown["bins"])
        assert (shown["earned_weight"], shown["market_sharpening"]) == (0, 0)
        assert (shown["incoherence"], shown["lead"]) == ("", "eve")


async def test_where_quotes_do_not_cohere_it_says_why_there_is_no_posterior() -> None:
    async with desk() as at:
        await at.buys()
        (shown,) = (await at.http.get("/api/forecasts")).json()["cities"]
        assert [one["model"] for one in shown["models"]] == ["seed", "emos"]
        assert shown["incoherence"]
        assert (shown["mid"], shown["earned_weight"]) == ([], None)


# --- stages -----------------------------------------------------------------------------------


async def live_cell(at: ApiHarness) -> dict[str, Any]:
    """A live cell, once a cycle has registered it."""
    await plays(at)
    return next(one for one in (await evidence(at, points=0))["by_cell"] if one["is_live"])


async def sets(at: ApiHarness, cell_id: str, key: str = "", **request: Any) -> Any:
    headers = {"X-Acting": "Ada", **({"Idempotency-Key": key} if key else {})}
    body = {"reason": "a test", "confirm": True, **request}
    return await at.http.post(f"/api/evidence/{cell_id}/stage", json=body, headers=headers)


async def test_without_the_evidence_a_promotion_is_refused_with_its_figures() -> None:
    async with desk(mode="live", setup_mode="live") as at:
        cell = await live_cell(at)
        answer = await sets(at, cell["cell_id"], stage="quarter")
        outcome = answer.json()
        assert (answer.status_code, outcome["is_refused"]) == (200, True)
        assert outcome["stage"]["stage"] == "one_contract"
        assert "skill E 1.0 of 20, money E 1.0 of 320" in outcome["text"]
        assert outcome["gates"][0]["rule"] == "stage"
        assert cell["wanting"].endswith("skill E 1.0 of 20, money E 1.0 of 320")


async def test_an_override_is_signed_marked_told_and_survives_a_restart() -> None:
    store = SqliteStore(":memory:", mode="live")
    async with desk(store=store, mode="live", setup_mode="live") as at:
        cell = await live_cell(at)
        before = (await evidence(at))["seq"]
        first = await sets(at, cell["cell_id"], "once", stage="quarter", is_override=True)
        stage = first.json()["stage"]
        assert (stage["stage"], stage["is_override"]) == ("quarter", True)
        assert stage["by"].startswith("Ada at ")
        assert "beyond its evidence" in first.json()["text"]
        told = [item["text"] for item in (await at.http.get("/api/activity")).json()["items"]]
        assert any("beyond the evidence, by Ada" in text for text in told)
        assert (await evidence(at))["seq"] > before
    async with desk(store=store, mode="live", setup_mode="live") as at:
        again = await sets(at, cell["cell_id"], "once", stage="quarter", is_override=True)
        assert again.json() == first.json()
        shown = {one["cell_id"]: one for one in (await evidence(at))["by_cell"]}
        assert shown[cell["cell_id"]]["stage"] == stage
        audit = (await at.http.get("/api/audit")).json()["items"]
        assert [(one["command"], one["reason"]) for one in audit] == [("SetStage", "a test")]
    await store.close()


async def test_a_double_click_is_one_command_and_its_key_is_for_no_other() -> None:
    async with desk(mode="live", setup_mode="live") as at:
        cell = await live_cell(at)
        wanted = {"stage": "quarter", "is_override": True}
        twice = await asyncio.gather(*(sets(at, cell["cell_id"], "k", **wanted) for _ in range(3)))
        assert len({one.json()["seq"] for one in twice}) == 1
        assert not twice[0].json()["is_refused"]
        assert (await sets(at, cell["cell_id"], "k", stage="shadow")).status_code == 409
        lines = await at.trader.store.journal()
        commands = [one for line in lines for one in line.events if isinstance(one, SetStage)]
        assert len(commands) == 1


async def test_taken_back_it_may_go_any_number_of_stages_down_and_needs_no_evidence() -> None:
    async with desk(mode="live", setup_mode="live") as at:
        cell = await live_cell(at)
        lower = (await sets(at, cell["cell_id"], stage="paper")).json()
        assert (lower["is_refused"], lower["stage"]["stage"]) == (False, "paper")
        shown = {one["cell_id"]: one for one in (await evidence(at))["by_cell"]}
        assert shown[cell["cell_id"]]["wanting"] == "for shadow: skill E 1.0 of 20 on paper"


@pytest.mark.parametrize(
    ("request_", "status", "detail"),
    [
        ({"stage": "quarter", "confirm": False}, 409, "confirm must be true in live mode"),
        ({"stage": "further"}, 422, "stage"),
        ({"stage": "quarter", "reason": " "}, 422, "reason"),
    ],
)
async def test_what_is_not_meant_or_not_known_is_no_command(
    request_: dict[str, Any], status: int, detail: str
) -> None:
    async with desk(mode="live", setup_mode="live") as at:
        cell = await live_cell(at)
        answer = await sets(at, cell["cell_id"], **request_)
        assert answer.status_code == status
        assert detail in answer.text
        assert (await sets(at, "0a1b2c3d", stage="quarter")).status_code == 404
        lines = await at.trader.store.journal()
        assert not any(isinstance(one, SetStage) for line in lines for one in line.events)


async def test_a_paper_cell_has_no_stage() -> None:
    async with desk() as at:
        await plays(at)
        cell = (await evidence(at))["by_cell"][0]
        outcome = (await sets(at, cell["cell_id"], stage="quarter")).json()
        assert (cell["stage"], outcome["stage"], outcome["is_refused"]) == (None, None, True)
        assert "a live cell" in outcome["text"]
