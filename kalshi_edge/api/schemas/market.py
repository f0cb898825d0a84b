"""What is believed and what is quoted: scanner, forecasts, ladders, calibration."""

from datetime import date

from kalshi_edge.api.schemas.figures import ContractSide, Count, Dollars, Instant, Price, Shape
from kalshi_edge.choices import ForecastModel
from kalshi_edge.domain.beliefs import Lead


class BinView(Shape):
    """An interval of whole °F, both ends included; null leaves an end open."""

    label: str
    lower_f: int | None
    upper_f: int | None


class Gate(Shape):
    """One rule's outcome."""

    rule: str
    passed: bool
    figure: str
    limit: str


class LegView(Shape):
    """One side of a bin of an opportunity; prices are the side's, edges dollars per contract."""

    ticker: str
    bin: BinView
    side: ContractSide
    fair: float
    """The probability that a contract of the side pays."""
    bid: Price | None
    ask: Price | None
    raw_edge: float | None
    net_edge: float | None
    ev: float | None


class PlannedOrder(Shape):
    """An order that was decided: contracts of a side, at its own price or better."""

    ticker: str
    side: ContractSide
    count: Count
    price: Price
    """Dollars per contract of the side."""
    fair: float | None
    edge: float | None
    """Net, dollars per contract."""
    cost_limit: Dollars


class OpportunityView(Shape):
    """A bin, a bracket or a ladder as the last cycle judged it, with every gate's outcome."""

    rank: int
    """By expected value among all of the cycle; 1 is the best."""
    strategy: str
    city: str
    climate_day: date
    is_approved: bool
    legs: list[LegView]
    """What would be bought; of a ladder every bin's YES."""
    orders: list[PlannedOrder]
    """What was decided; none where it was refused."""
    net_edge: float | None
    """Of all legs together, dollars per contract of each; of a ladder per contract ordered."""
    ev: float | None
    """After the exchange's real fees."""
    combined_probability: float
    total_ask: Price | None
    profit_if_hit: Price | None
    """1 − total ask, before fees."""
    count: Count
    """Contracts of each leg that were ordered."""
    cost_limit: Dollars
    gates: list[Gate]
    failed: list[str]
    """Names of the gates that said no: why not."""


class Scanner(Shape):
    """What the last cycle looked at, singles by net edge, brackets by expected value."""

    at: Instant | None
    seq: int
    singles: list[OpportunityView]
    brackets: list[OpportunityView]
    ladders: list[OpportunityView]
    """Whole ladders, where they are sized together."""
    longshots: list[OpportunityView]
    skipped: list[str]
    """Ladders left out, each with its reason."""
    approved: int
    refused: int


class ModelProbabilities(Shape):
    """What one model says of a ladder, after all that was observed."""

    model: ForecastModel
    fair: list[float]
    """Lowest bin first."""
    mu_f: float | None
    sigma_f: float | None


class CityForecast(Shape):
    """What a cycle saw of one ladder. Temperatures in °F."""

    at: Instant
    """Of the cycle."""
    city: str
    station: str
    place: str
    climate_day: date
    event_ticker: str
    model: str
    run_at: Instant
    point_f: float
    mu_f: float
    """Calibrated."""
    sigma_f: float
    """Calibrated."""
    bias_f: float
    sigma_scale: float
    reference_f: float | None
    """The NWS forecast."""
    observed_floor_f: float | None
    """The maximum measured so far."""
    best_edge: float | None
    """The best net edge of any single bin, taken or not."""
    bins: list[BinView]
    fair: list[float]
    market: list[float | None]
    """Mid prices; they do not sum to 1."""
    lead: Lead | None
    """How far ahead of its climate day the cycle was."""
    models: list[ModelProbabilities]
    """Every model's probabilities, those of the traded one among them."""
    mid: list[float]
    """The market's, made to sum to 1; empty where the quotes do not cohere."""
    incoherence: str
    """Why there is no posterior; empty where there is one."""
    earned_weight: float | None
    """Of our forecast in the posterior, from its record against the market; 0 is none, 1 all."""
    market_sharpening: float | None
    """How much more extreme than quoted the posterior takes the market's prices; 0 is not at all,
    below 0 less extreme."""


class Forecasts(Shape):
    """Every open ladder at the last cycle."""

    at: Instant | None
    cities: list[CityForecast]


class BookLevel(Shape):
    """Contracts wanted or offered at a price."""

    price: Price
    count: Count


class BinRow(Shape):
    """One market of a ladder: what is quoted, what is believed, what is held."""

    ticker: str
    bin: BinView
    status: str
    bid: Price | None
    ask: Price | None
    bids: list[BookLevel]
    asks: list[BookLevel]
    fair: float | None
    """Our probability at the last cycle."""
    market: float | None
    """Between bid and ask; null where nobody quotes."""
    held: Count
    """YES contracts held; negative are NO."""
    cost: Dollars
    """Of what is held, without fees."""
    pnl_if_wins: Dollars
    """Our whole result in this ladder if this bin wins, entry fees included."""
    is_ruled_out: bool
    """Below what has been measured already."""
    book_at: Instant | None
    book_age_s: float | None
    is_stale: bool


class MarketDay(Shape):
    """One ladder: a city's climate day."""

    climate_day: date
    event_ticker: str
    series: str
    closes_at: Instant
    is_open: bool
    source: str
    """What decides it, as the exchange names it."""
    forecast: CityForecast | None
    observed_floor_f: float | None
    bins: list[BinRow]


class CityMarkets(Shape):
    """A city's ladders that have not closed, the earliest first; else the last that has."""

    at: Instant
    city: str
    station: str
    place: str
    standard_offset_h: int
    """Hours from UTC; a climate day runs from midnight to midnight of it all year."""
    days: list[MarketDay]


class CalibrationView(Shape):
    """How far a model's word was off after one more settled day."""

    city: str
    model: str
    version: str
    bias_f: float
    sigma_scale: float
    days: int
    as_of: date | None
    error_f: float | None
    sigma_f: float | None
    received_at: Instant | None


class ReliabilityPoint(Shape):
    """Forecasts of one class of probability: what they said and what came."""

    low: float
    high: float
    count: int
    forecast: float
    observed: float


class Bounds(Shape):
    """An estimate between bounds of 95 % confidence; null bounds where the days are too few."""

    low: float | None
    estimate: float
    high: float | None


class Verification(Shape):
    """Forecasts of the recent journal against what settled, and against the market."""

    days: int
    """Settled city-days; everything below rests on them."""
    model_brier: float | None
    """Mean Σ (pᵢ − oᵢ)² over a ladder's bins, 0 to 2; lower is better."""
    market_brier: float | None
    """The same of the market's mids, made to sum to 1."""
    difference: Bounds | None
    """Model − market; below 0 the model is better."""
    reliability: list[ReliabilityPoint]
    pit: list[int]
    """Days per tenth of the probability integral transform; flat is calibrated."""


class CityCalibration(Shape):
    """A city's calibration records, oldest first, and how its forecasts did."""

    city: str
    records: list[CalibrationView]
    verification: Verification
