"""How the trader is, as shapes: health, sources, rules, banners, audit."""

from collections.abc import Iterator
from datetime import datetime

from kalshi_edge import __version__
from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.read_model import ReadModel, RecordedCommand
from kalshi_edge.api.schemas.status import (
    Audit,
    AuditItem,
    Banner,
    Health,
    SeriesRules,
    SourceView,
    TermsView,
)
from kalshi_edge.data.source_status import SourceStatus
from kalshi_edge.domain.records import SeriesTerms
from kalshi_edge.domain.sentences import Severity, outcome_text
from kalshi_edge.domain.weather import Station
from kalshi_edge.runtime.schedule import Job
from kalshi_edge.runtime.trader import Trader

CYCLE_LATE_S = 35 * 60.0
"""One is due every half hour: without one for longer than this the trader is not well."""


def health(context: ApiContext, live_clients: int) -> Health:
    """The trader at a glance."""
    trader, read_model, at = context.trader, context.read_model, context.now()
    sources = source_views(trader)
    last = last_cycle_at(read_model)
    return Health(
        status=_status(last, sources, at),
        mode=context.mode,
        is_synthetic=context.is_synthetic,
        version=__version__,
        at=at,
        started_at=context.started_at,
        cycles=read_model.cycles,
        last_cycle_at=last,
        next_cycle_at=trader.timetable.counts[Job.CYCLE].next_at,
        missed_cycles=trader.timetable.counts[Job.CYCLE].missed,
        reconciled_at=trader.engine.watch.clean_at,
        journal_seq=read_model.seq,
        sources=sources,
        banners=list(_banners(context, sources, at)),
        live_clients=live_clients,
    )


def last_cycle_at(read_model: ReadModel) -> datetime | None:
    """When the last cycle was decided."""
    return None if read_model.judged is None else read_model.judged.done.received_at


def _status(last: datetime | None, sources: list[SourceView], at: datetime) -> str:
    if last is None:
        return "starting"
    late = (at - last).total_seconds() > CYCLE_LATE_S
    return "degraded" if late or any(one.is_stale for one in sources) else "ok"


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


def _banners(context: ApiContext, sources: list[SourceView], at: datetime) -> Iterator[Banner]:
    engine = context.trader.engine
    if context.is_synthetic:
        text = "SYNTHETIC: market and weather are made up; nothing here is evidence of profit"
        yield Banner(kind="synthetic", level=Severity.WARNING, text=text)
    level = Severity.DANGER if context.mode == "live" else Severity.INFO
    yield Banner(kind="mode", level=level, text=f"{context.mode} trading")
    switch = engine.kill_switch.switch_at(at)
    if switch.is_halted(at):
        text = f"kill switch {switch.level(at)}: {switch.reason}"
        yield Banner(kind="kill_switch", level=Severity.DANGER, text=text)
    for source in sources:
        if source.is_stale:
            text = f"{source.name} is stale: {source.error or source.outcome}"
            yield Banner(kind="stale", level=Severity.WARNING, text=text)
    for record in engine.state.terms.values():
        if not record.accepted:
            text = f"{record.series}: rules changed, not traded until acknowledged"
            yield Banner(kind="terms", level=Severity.DANGER, text=text)
    if not context.has_key:
        text = "no API key is set: this machine only"
        yield Banner(kind="no_key", level=Severity.INFO, text=text)


def terms(context: ApiContext) -> SeriesRules:
    """The rules of every series."""
    state = context.trader.engine.state
    records = sorted(state.terms.values(), key=lambda record: record.series)
    return SeriesRules(series=[terms_view(record, state.stations) for record in records])


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


def audit(read_model: ReadModel) -> Audit:
    """Every wish of the recent journal."""
    return Audit(items=[_audit_item(recorded) for recorded in read_model.audit])


def _audit_item(recorded: RecordedCommand) -> AuditItem:
    command = recorded.command
    return AuditItem(
        seq=recorded.seq,
        at=command.received_at,
        command_id=command.command_id,
        command=type(command).__name__,
        by=command.by,
        reason=command.reason,
        outcome=outcome_text(recorded.command, recorded.verdicts),
    )
