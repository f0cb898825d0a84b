"""Figures for Prometheus, in a registry of its own: what is asked of us, and how the trader is."""

from collections import Counter as Count
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import Scope

from kalshi_edge.api.connections import Closed, Connections
from kalshi_edge.api.context import ApiContext
from kalshi_edge.api.hub import Hub
from kalshi_edge.api.views.status import last_cycle_at, source_views
from kalshi_edge.domain.journal import JournalEntry
from kalshi_edge.domain.orders import OrderState
from kalshi_edge.domain.verdicts import CycleDone

PREFIX = "kalshi_edge_"
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts requests and cycles as they happen, and looks at the trader when it is asked."""

    def __init__(self, context: ApiContext, hub: Hub, connections: Connections) -> None:
        self._registry = CollectorRegistry()
        self._clock = context.trader.clock
        self._requests = Histogram(
            f"{PREFIX}request_seconds",
            "Time to answer a request.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._cycles = Histogram(
            f"{PREFIX}cycle_seconds",
            "From a cycle's timer event to its journal line, in the trader's own time.",
            registry=self._registry,
        )
        self._registry.register(_Trader(context, hub, connections))
        context.read_model.listeners.append(self._recorded)

    def watch(self, scope: Scope, status: int, took_s: float) -> None:
        """Count one answer; what no route answered has one name for all."""
        route = getattr(scope.get("route"), "path", "other")
        method = scope["method"] if scope["method"] in {"GET", "POST", "DELETE"} else "other"
        self._requests.labels(method, route, str(status)).observe(took_s)

    def families(self) -> Iterable[Metric]:
        """Every metric as it is now, those without a sample among them."""
        return self._registry.collect()

    def exposition(self) -> tuple[bytes, str]:
        """Everything as text, and its media type."""
        return generate_latest(self._registry), MEDIA_TYPE

    def _recorded(self, entry: JournalEntry) -> None:
        for verdict in entry.verdicts:
            if isinstance(verdict, CycleDone):
                took = self._clock.now() - verdict.received_at
                self._cycles.observe(max(took.total_seconds(), 0.0))


class _Trader(Collector):
    """The trader as it is at the moment of asking."""

    def __init__(self, context: ApiContext, hub: Hub, connections: Connections) -> None:
        self._context = context
        self._hub = hub
        self._connections = connections

    def collect(self) -> Iterable[Metric]:
        """Every figure."""
        yield from self._ages()
        yield from self._sources()
        yield from self._account()
        yield _gauge("live_clients", "Open live connections.", self._hub.clients)
        yield _counter("live_dropped", "Live clients that did not keep up.", self._hub.dropped)
        yield _counter("live_messages", "Numbered live messages.", self._hub.n)
        yield from self._open()

    def _open(self) -> Iterable[Metric]:
        all_ = self._connections
        is_open = GaugeMetricFamily(f"{PREFIX}connections", "Open connections.", labels=["of"])
        is_open.add_metric(["known"], all_.known)
        is_open.add_metric(["strangers"], all_.strangers)
        closed = CounterMetricFamily(
            f"{PREFIX}connections_closed", "Connections closed from here.", labels=["why"]
        )
        for why in Closed:
            closed.add_metric([why], all_.closed[why])
        return (is_open, closed)

    def _ages(self) -> Iterable[Metric]:
        context, now = self._context, self._context.now()
        ages = (
            ("last_cycle_age_seconds", "the last cycle", last_cycle_at(context.read_model)),
            (
                "reconciled_age_seconds",
                "our account and the exchange's last agreed",
                context.trader.engine.watch.clean_at,
            ),
        )
        for name, what, at in ages:
            family = GaugeMetricFamily(f"{PREFIX}{name}", f"Since {what}; absent before the first.")
            if at is not None:
                family.add_metric([], (now - at).total_seconds())
            yield family

    def _sources(self) -> Iterable[Metric]:
        ages = GaugeMetricFamily(f"{PREFIX}source_age_seconds", "Data age.", labels=["source"])
        stale = GaugeMetricFamily(f"{PREFIX}source_stale", "1 where stale.", labels=["source"])
        moved = CounterMetricFamily(f"{PREFIX}source_bytes", "Bytes fetched.", labels=["source"])
        for source in source_views(self._context.trader):
            if source.age_s is not None:
                ages.add_metric([source.name], source.age_s)
            stale.add_metric([source.name], float(source.is_stale))
            moved.add_metric([source.name], source.bytes_moved)
        return (ages, stale, moved)

    def _account(self) -> Iterable[Metric]:
        engine, read_model = self._context.trader.engine, self._context.read_model
        account = engine.account
        orders = GaugeMetricFamily(f"{PREFIX}orders", "Recent orders by state.", labels=["state"])
        states = Count(order.state for order in account.orders.values())
        for state in OrderState:
            orders.add_metric([state], states[state])
        level = engine.kill_switch.level(self._context.now())
        yield orders
        yield _gauge("switch_level", "0 runs, 4 sells what is held.", level.severity)
        yield _gauge("open_positions", "Open trades.", len(account.tracker.open_trades()))
        yield _gauge("equity_dollars", "Equity.", float(account.tracker.equity(engine.state.marks)))
        yield _gauge("journal_seq", "The journal's last line.", read_model.seq)
        yield _gauge("inbox_events", "Events waiting.", self._context.trader.inbox.waiting)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(PREFIX + name, text, value=value)
