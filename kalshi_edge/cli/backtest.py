"""``kalshi-edge backtest``, ``replay`` and ``fees``: recorded events and fills, run again."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kalshi_edge.domain.orders import Strategy
from kalshi_edge.errors import InputError

if TYPE_CHECKING:
    from kalshi_edge.backtest.run import Request
    from kalshi_edge.choices import ForecastModel, Sizing
    from kalshi_edge.domain.events import Event


def backtest(  # noqa: PLR0917 - typer wants each option as a parameter
    city: Annotated[
        list[str] | None,
        typer.Option("--city", help="City; repeatable, or separated by commas. Default: CITIES."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=20_000, help="Number of climate days.")] = 365,
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Last climate day. Default: the newest settled, or known with --offline.",
        ),
    ] = None,
    strategy: Annotated[
        list[Strategy] | None, typer.Option(help="Repeatable. Default: STRATEGIES.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            help="Whose probabilities are traded: seed, emos or posterior; repeatable, or separated"
            " by commas, for several side by side. Default: MODEL.",
        ),
    ] = None,
    sizing: Annotated[
        list[str] | None,
        typer.Option(
            "--sizing",
            help="seed (each bin and bracket by itself) or joint (the ladder as one bet, of the"
            " posterior only); repeatable, or separated by commas. Default: the model's usual one.",
        ),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML report to this file.")] = None,
    store: Annotated[
        Path | None,
        typer.Option(help="Keep the journal in this new file; with one model only."),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Download nothing: play what is there.")
    ] = False,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Play a sandbox's SYNTHETIC past; needs no network.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the SYNTHETIC past.")] = 1,
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Run the trading loop on recorded history.

    Days that the history lacks are downloaded first.
    """
    from kalshi_edge.config import load_settings

    settings = load_settings()
    from kalshi_edge.backtest.report import Played, report_html
    from kalshi_edge.backtest.summary import summary
    from kalshi_edge.cli.options import models_named, sizings_named, stations_named
    from kalshi_edge.cli.output import out
    from kalshi_edge.cli.past import RequestedDays, real_days, synthetic_days
    from kalshi_edge.operations.backtest import backtest_request, run_backtest, walk_forecasters

    cities = tuple(station.city for station in stations_named(city)) or settings.cities
    models = models_named(model) or (settings.model,)
    if store is not None and store.exists():
        raise InputError(f"{store} exists already; a journal starts in a new file")
    variants = _variants(models, sizings_named(sizing) or ((settings.sizing,) if not model else ()))
    if store is not None and len(variants) > 1:
        raise InputError(f"one journal holds one backtest, not {len(variants)}")
    wanted = RequestedDays(cities, days, until.date() if until else None)
    with ExitStack() as stack:
        if synthetic:
            folder, last_day = stack.enter_context(synthetic_days(wanted, seed))
        else:
            folder, last_day = real_days(settings, wanted, offline=offline)
        requests = [
            backtest_request(
                settings.model_copy(update={"history_dir": folder}),
                cities=cities,
                last_day=last_day,
                days=days,
                strategies=strategy or [Strategy(name) for name in settings.strategies],
                model=one,
                sizing=sized,
            )
            for one, sized in variants
        ]
        records = []
        for request in requests:
            with _days_played(request) as watch:
                records.append(run_backtest(request, watch, store or ":memory:"))
        figures = walk_forecasters(requests[0])
    played = [Played(record, summary(record)) for record in records]
    if report is not None:
        report.write_text(report_html(played, figures), encoding="utf-8")
    from kalshi_edge.backtest.terminal import as_json, backtest_panel

    summaries = [one.summary for one in played]
    if as_json_:
        typer.echo(as_json(summaries, figures).decode())
        return
    out.print(backtest_panel(summaries, figures))
    if report is not None:
        out.print(f"report: [bold]{report}[/]")


def replay(
    source: Annotated[Path, typer.Argument(help="A SQLite store, or the folder of a recording.")],
    store: Annotated[
        Path | None, typer.Option(help="The store written while the recording was made.")
    ] = None,
) -> None:
    """Replay a journal and compare every decision.

    The events are the journal's own, or those of a recording made beside it.
    """
    from kalshi_edge.cli.output import err, out
    from kalshi_edge.operations.replay import replay_recording, replay_store

    if source.is_dir() and store is None:
        _print_decisions(source)
        return
    again = replay_store(source) if store is None else replay_recording(source, store)
    differences = list(again)
    changed = [difference for difference in differences if difference is not None]
    for line in changed:
        err.print(f"[yellow]line {line.seq}[/] differs")
        for verdict in (v for v in line.recorded if v not in line.replayed):
            err.print(f"  [red]−[/] {verdict}", highlight=False)
        for verdict in (v for v in line.replayed if v not in line.recorded):
            err.print(f"  [green]+[/] {verdict}", highlight=False)
    if changed:
        raise InputError(f"{len(changed)} of {len(differences)} replayed journal lines differ")
    out.print(f"[green]same[/] all {len(differences)} journal lines replay as recorded")


def _print_decisions(recording: Path) -> None:
    """How many verdicts of each kind a recording alone gives; only its store allows to compare."""
    from collections import Counter

    from kalshi_edge.cli.output import out
    from kalshi_edge.operations.replay import decide_recording

    kinds = Counter(
        type(verdict).__name__
        for decided in decide_recording(recording)
        for verdict in decided.verdicts
    )
    for name, count in sorted(kinds.items()):
        out.print(f"{count:8} {name}")


def fees(
    files: Annotated[list[Path], typer.Argument(help="CSV files of recorded fills.")],
) -> None:
    """Compare our fees with those that the exchange charged."""
    from kalshi_edge.cli.output import out
    from kalshi_edge.console.tables import fee_table
    from kalshi_edge.data.kalshi.recorded_fills import read_fills
    from kalshi_edge.domain.market import FeeRule
    from kalshi_edge.trading.fees import fee_parity

    for path in files:
        fills = read_fills(path)
        parity = fee_parity(fills, FeeRule())
        out.print(fee_table(path.name, fills, parity))
        if parity.differences:
            raise InputError(f"{path}: {len(parity.differences)} orders were charged another fee")


def _variants(
    models: "Sequence[ForecastModel]", sizings: "Sequence[Sizing | None]"
) -> "list[tuple[ForecastModel, Sizing | None]]":
    """Each model with each sizing that it can have; its usual one where none is asked for."""
    from kalshi_edge.choices import ForecastModel, Sizing

    posterior = ForecastModel.POSTERIOR
    if Sizing.JOINT in sizings and posterior not in models:
        raise InputError(f"--sizing joint needs --model posterior, not {', '.join(models)}")
    wanted = sizings or (None,)
    return [
        (model, None if one is Sizing.JOINT and model is not posterior else one)
        for model in models
        for one in wanted
        if one is not Sizing.JOINT or model is posterior or len(wanted) == 1
    ]


@contextmanager
def _days_played(request: "Request") -> "Iterator[Callable[[Event], None]]":
    """A bar over the days played, on a terminal; it costs an update a day."""
    from kalshi_edge.cli.output import progress_bar

    first_day = request.first_day
    days = (request.last_day - first_day).days + 1
    with progress_bar(f"playing {request.label}", days) as advance:
        shown = first_day

        def watch(event: "Event") -> None:
            nonlocal shown
            day = event.received_at.date()
            if day > shown:
                shown = day
                advance(min((day - first_day).days, days), None, f"{day}")

        yield watch
