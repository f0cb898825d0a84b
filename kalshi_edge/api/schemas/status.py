"""How the trader is: health, sources, rules, alarms, problems."""

from kalshi_edge.api.schemas.figures import Dollars, Instant, Shape
from kalshi_edge.domain.sentences import Severity


class Banner(Shape):
    """Something that whoever looks must not miss."""

    kind: str
    """``mode``, ``synthetic``, ``kill_switch``, ``stale``, ``terms``, ``no_key``."""
    level: Severity
    text: str


class SourceView(Shape):
    """One source of facts, and how old its last word is."""

    name: str
    outcome: str
    """Of the last asking: ``new``, ``unchanged``, ``late``, ``down`` …"""
    asked_at: Instant | None
    succeeded_at: Instant | None
    age_s: float | None
    """Seconds since ``succeeded_at``."""
    is_stale: bool
    cycle_at: Instant | None
    """The run, update or issue of the newest thing it gave."""
    error: str
    error_at: Instant | None
    bytes_moved: int


class Sources(Shape):
    """Every source of facts."""

    at: Instant
    sources: list[SourceView]


class Health(Shape):
    """The trader at a glance."""

    status: str
    """``starting`` before the first cycle, ``ok``, or ``degraded`` where something is stale."""
    mode: str
    is_synthetic: bool
    """Its market and weather are made up: nothing in it is evidence of profit."""
    version: str
    at: Instant
    """The trader's own time: a made-up world may run faster than ours."""
    started_at: Instant
    cycles: int
    """Since the start of the process."""
    last_cycle_at: Instant | None
    next_cycle_at: Instant | None
    missed_cycles: int
    """Due and slept through."""
    reconciled_at: Instant | None
    """Up to when the exchange's books and ours are known to agree; null where orders are simulated
    or they never did."""
    journal_seq: int
    sources: list[SourceView]
    banners: list[Banner]
    live_clients: int
    """Open live connections."""


class Liveness(Shape):
    """That the process is alive, for who asks without a key."""

    status: str
    """``starting`` until the API is there, then ``alive``."""


class Readiness(Shape):
    """Whether the trader can do its work."""

    is_ready: bool
    reasons: list[str]
    """Why not."""


class TermsView(Shape):
    """The rules of a series as last seen or accepted."""

    series: str
    city: str | None
    fingerprint: str
    source: str
    """What decides its markets, as the exchange names it."""
    accepted: bool
    """Without acceptance nothing new is bought in the series."""
    received_at: Instant


class SeriesRules(Shape):
    """The rules of every series."""

    series: list[TermsView]


class ActivityItem(Shape):
    """One thing that happened, for people to read."""

    seq: int
    """Of its journal line."""
    at: Instant
    kind: str
    """``fill``, ``order``, ``closed``, ``settled``, ``switch``, ``alarm``, ``day``, ``terms``,
    ``refused``."""
    level: Severity
    text: str
    city: str | None = None
    ticker: str | None = None
    amount: Dollars | None = None
    """Dollars won or lost, where that is what happened."""


class Activity(Shape):
    """What happened, the newest last."""

    items: list[ActivityItem]


class AuditItem(Shape):
    """A person's command, who gave it, and what followed."""

    seq: int
    at: Instant
    command_id: str
    command: str
    """``Halt``, ``Resume``, ``ClosePosition``, ``CancelRequest``, ``AcknowledgeTerms``,
    ``SetStage``."""
    by: str
    reason: str
    outcome: str
    """One sentence."""


class Audit(Shape):
    """Every command of the recent journal, the newest last."""

    items: list[AuditItem]


class FieldProblem(Shape):
    """What is wrong with one part of a request."""

    where: str
    message: str


class Problem(Shape):
    """The one shape of an error (RFC 9457)."""

    type: str
    """``about:blank`` or the name of the problem."""
    title: str
    status: int
    detail: str
    instance: str
    """The path that was asked."""
    request_id: str
    errors: tuple[FieldProblem, ...] = ()
