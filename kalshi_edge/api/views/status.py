"""How the trader is, as shapes: health, sources, rules, banners, audit."""

from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version

from kalshi_edge.api.context import Standing
from kalshi_edge.api.read_model import Heard, Memory
from kalshi_edge.api.schemas.status import (
    Audit,
    AuditItem,
    Banner,
    Health,
    Level,
    SourceView,
    Terms,
    TermsView,
)
from kalshi_edge.api.views.wording import outcome_text
from kalshi_edge.data.source_status import SourceStatus
from kalshi_edge.domain.records import SeriesTerms
from kalshi_edge.domain.weather import Station
from kalshi_edge.runtime.schedule import Job
from kalshi_edge.runtime.trader import Trader

CYCLE_LATE_S = 35 * 60.0
"""One is due every half hour: without one for longer than this the trader is not well."""

VERSION = version("kalshi-edge")


def health(standing: Standing, live_clients: int) -> Health:
    """The trader at a glance."""
    trader, memory, at = standing.trader, standing.memory, standing.now()
    sources = source_views(trader)
    last = last_cycle_at(memory)
    return Health(
        status=_status(last, sources, at),
        mode=standing.mode,
        is_synthetic=standing.is_synthetic,
        version=VERSION,
        at=at,
        started_at=standing.started_at,
        cycles=memory.cycles,
        last_cycle_at=last,
        next_cycle_at=trader.timetable.counts[Job.CYCLE].next_at,
        missed_cycles=trader.timetable.counts[Job.CYCLE].missed,
        reconciled_at=trader.engine.upkeep.vigil.clean_at,
        journal_seq=memory.seq,
        sources=sources,
        banners=list(_banners(standing, sources, at)),
        live_clients=live_clients,
    )


def last_cycle_at(memory: Memory) -> datetime | None:
    """When the last cycle was decided."""
    return None if memory.judged is None else memory.judged.done.received_at


def _status(last: datetime | None, sources: list[SourceView], at: datetime) -> str:
    if last is None:
        return "starting"
    late = (at - last).total_seconds() > CYCLE_LATE_S
    return "degraded" if late or any(one.is_stale for one in sources) else "ok"


def not_ready(standing: Standing) -> list[str]:
    """Why the trader cannot do its work; nothing where it can."""
    last, at = last_cycle_at(standing.memory), standing.now()
    if last is None:
        return ["no cycle yet"]
    age_s = (at - last).total_seconds()
    return [f"the last cycle was {age_s:.0f} s ago"] if age_s > CYCLE_LATE_S else []


def source_views(trader: Trader) -> list[SourceView]:
    """Every source as it is now."""
    return [_source(status) for status in trader.sources]


def _source(status: SourceStatus) -> SourceView:
    return SourceView(
        name=status.name,
        outcome=status.outcome,
        asked_at=status.asked_at,
        succeeded_at=status.succeeded_at,
        age_s=None if status.age is None else status.age.total_seconds(),
        is_stale=status.is_stale,
        cycle_at=status.cycle,
        error=status.error,
        error_at=status.error_at,
        bytes_moved=status.bytes_moved,
    )


def _banners(standing: Standing, sources: list[SourceView], at: datetime) -> Iterator[Banner]:
    engine = standing.trader.engine
    if standing.is_synthetic:
        text = "SYNTHETIC: market and weather are made up; nothing here is evidence of profit"
        yield Banner(kind="synthetic", level=Level.WARNING, text=text)
    level = Level.DANGER if standing.mode == "live" else Level.INFO
    yield Banner(kind="mode", level=level, text=f"{standing.mode} trading")
    switch = engine.account.switch_at(at)
    if switch.is_halted(at):
        text = f"kill switch {switch.level(at)}: {switch.reason}"
        yield Banner(kind="kill_switch", level=Level.DANGER, text=text)
    for source in sources:
        if source.is_stale:
            text = f"{source.name} is stale: {source.error or source.outcome}"
            yield Banner(kind="stale", level=Level.WARNING, text=text)
    for record in engine.knowledge.terms.values():
        if not record.accepted:
            text = f"{record.series}: rules changed, not traded until acknowledged"
            yield Banner(kind="terms", level=Level.DANGER, text=text)
    if not standing.has_key:
        text = "no API key is set: this machine only"
        yield Banner(kind="no_key", level=Level.INFO, text=text)


def terms(standing: Standing) -> Terms:
    """The rules of every series."""
    knowledge = standing.trader.engine.knowledge
    records = sorted(knowledge.terms.values(), key=lambda record: record.series)
    return Terms(series=[terms_view(record, knowledge.stations) for record in records])


def terms_view(record: SeriesTerms, stations: tuple[Station, ...]) -> TermsView:
    """One series' rules."""
    return TermsView(
        series=record.series,
        city=next((one.city for one in stations if one.series == record.series), None),
        fingerprint=record.fingerprint,
        source=record.source,
        accepted=record.accepted,
        received_at=record.received_at,
    )


def audit(memory: Memory) -> Audit:
    """Every wish of the recent journal."""
    return Audit(items=[_audit_item(heard) for heard in memory.audit])


def _audit_item(heard: Heard) -> AuditItem:
    command = heard.command
    return AuditItem(
        seq=heard.seq,
        at=command.received_at,
        command_id=command.command_id,
        command=type(command).__name__,
        by=command.by,
        reason=command.reason,
        outcome=outcome_text(heard),
    )
