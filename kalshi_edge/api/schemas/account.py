"""Our own money: balance, positions, trades, orders, days, risk."""

from datetime import date

from kalshi_edge.api.schemas.figures import ContractSide, Count, Dollars, Instant, Price, Shape


class Balance(Shape):
    """The account in dollars. Equity is cash and what every position would fetch now."""

    at: Instant
    cash: Dollars
    equity: Dollars
    starting_balance: Dollars
    paid_in: Dollars
    """Starting balance and what was paid in since."""
    opening_balance: Dollars
    """Equity at the last UTC midnight, and what was paid in since."""
    day_pnl: Dollars
    """Equity − opening balance."""
    total_return_percent: float
    """(equity ÷ paid in − 1) × 100."""
    open_positions: int
    unrealised: Dollars
    imagined_gain: Dollars
    """What instant fills on paper would have brought beyond what the book paid. It is in no other
    figure."""


class Position(Shape):
    """An open position and what the book would pay for all of it, level by level."""

    trade_id: str
    mode: str
    strategy: str
    bracket_id: str | None
    """Legs of one bracket share it and are closed together."""
    ticker: str
    event_ticker: str | None
    city: str
    climate_day: date
    bin: str | None
    """``73–74°``."""
    side: ContractSide
    """``yes`` or ``no``: which contracts are held."""
    count: Count
    open_count: Count
    on_sale: Count
    """Contracts that live orders are selling already."""
    average_price: Price
    """Dollars paid per contract, of the side held."""
    cost: Dollars
    """Of what is still held, without fees."""
    fees: Dollars
    """Paid so far."""
    fair_at_entry: float | None
    edge_at_entry: float | None
    fair: float | None
    """Our probability at the last cycle."""
    opened_at: Instant
    bid: Price | None
    ask: Price | None
    liquidation_value: Dollars
    """Σ price × count over the book for the whole position; what finds no bid counts nothing."""
    liquidation_price: Price | None
    """Liquidation value per contract that finds a bid."""
    covered_count: Count
    """Contracts that find a bid."""
    unrealised: Dollars
    """Liquidation value − cost − the held contracts' share of fees."""
    payoff_if_won: Dollars
    """What it pays if its bin wins."""
    imagined_gain: Dollars
    """Of what was sold of it by instant fills on paper; in no other figure."""
    book_at: Instant | None
    book_age_s: float | None
    is_stale: bool


class OpenPositions(Shape):
    """Everything held."""

    at: Instant
    positions: list[Position]
    total_cost: Dollars
    total_unrealised: Dollars
    total_imagined_gain: Dollars
    """In no other figure."""


class SalePreview(Shape):
    """What a limit sell would come to against the book as it stands."""

    trade_id: str
    limit_price: Price
    count: Count
    fills_now: Count
    """Contracts that find a bid at the limit or better."""
    vwap: Price | None
    proceeds_now: Dollars
    fee_now: Dollars
    """The exchange's fee on ``fills_now``."""
    pnl_now: Dollars
    """Proceeds − fee − cost and entry fees of ``fills_now``."""
    pnl_all_at_limit: Dollars
    """The same if the whole count sold at the limit as taker."""
    book_at: Instant | None
    book_age_s: float | None


class TradeView(Shape):
    """One position from entry to exit. Dollars; ``side`` says whose prices they are in."""

    trade_id: str
    mode: str
    strategy: str
    bracket_id: str | None
    ticker: str
    city: str
    climate_day: date
    bin: str | None
    side: ContractSide
    opened_at: Instant
    closed_at: Instant | None
    count: Count
    open_count: Count
    paid: Dollars
    received: Dollars
    fees: Dollars
    pnl: Dollars | None
    """Realised, fees included; null while any of it is held."""
    fair_at_entry: float | None
    edge_at_entry: float | None
    settled_value: Price | None
    by_hand: bool
    """A person sold some of it: statistics leave it out."""
    imagined_gain: Dollars
    """What its instant fills on paper would have brought beyond what the book paid; in no other
    figure."""


class Trades(Shape):
    """Trades, the newest first."""

    total: int
    """How many there are in all of the selection."""
    trades: list[TradeView]


class OrderView(Shape):
    """One of our orders and how far it has come."""

    intent_id: str
    order_id: str | None
    trade_id: str
    bracket_id: str | None
    strategy: str
    ticker: str
    city: str
    climate_day: date
    side: str
    """``buy`` or ``sell``, of YES contracts."""
    reduces: bool
    by_hand: bool
    count: Count
    filled: Count
    pending: Count
    """Contracts that may still arrive as fills."""
    limit_price: Price
    state: str
    """``new``, ``sent``, ``unknown``, ``resting``, ``partial``, ``done``."""
    is_live: bool
    reason: str
    created_at: Instant


class Orders(Shape):
    """Orders of the last days, the newest first."""

    orders: list[OrderView]


class PnlToday(Shape):
    """The UTC day so far."""

    day: date
    realised: Dollars
    fees: Dollars
    wins: int
    losses: int
    by_hand: int
    """Closed by a person, in neither count."""
    imagined_gain: Dollars
    """Of trades closed by instant fills on paper; in no other figure."""
    unrealised: Dollars
    opening_balance: Dollars
    equity: Dollars
    halts: int


class DailyView(Shape):
    """One UTC day of the account."""

    day: date
    mode: str
    opening_balance: Dollars
    closing_balance: Dollars
    realised: Dollars
    fees: Dollars
    wins: int
    losses: int
    halts: int
    deposits: Dollars
    """What came in, less what left, otherwise than by trading: no part of any profit."""


class PnlHistory(Shape):
    """All daily records, oldest first."""

    records: list[DailyView]


class EquityPoint(Shape):
    """The account at one cycle."""

    at: Instant
    equity: Dollars
    cash: Dollars


class SwitchMark(Shape):
    """The kill switch thrown."""

    at: Instant
    state: str
    reason: str


class Equity(Shape):
    """The equity curve with the kill switch's marks, oldest first."""

    starting_balance: Dollars
    points: list[EquityPoint]
    marks: list[SwitchMark]


class HoldView(Shape):
    """One reason to hold trading back."""

    cause: str
    """``person``, ``day_loss``, ``reconcile`` …"""
    name: str
    """Tells it from others of its cause: an order's, ``drill``; mostly empty."""
    state: str
    reason: str
    since_at: Instant
    until_at: Instant | None
    """When it ends by itself; null holds until somebody resumes."""


class SwitchView(Shape):
    """The kill switch: its level, why, and everything that holds trading back."""

    state: str
    """``run``; ``halt``: no new risk; ``cancel``: resting entries are taken out too; ``reduce``:
    nothing may add to risk; ``flatten``: what is held is sold."""
    is_halted: bool
    reason: str
    cause: str
    """``person``, ``day_loss`` …; of the strongest hold."""
    since_at: Instant
    until_at: Instant | None
    """When it resets by itself; null holds until somebody resumes."""
    holds: list[HoldView]
    """In force now, the strongest first."""


class LimitUse(Shape):
    """How much of a limit is used."""

    used: Dollars
    limit: Dollars
    used_share: float
    """0 is nothing, 1 is all of it; more is over."""


class Exposure(Shape):
    """What is at risk in one city's climate day, live orders included."""

    city: str
    climate_day: date
    at_risk: Dollars
    limit: Dollars
    used_share: float
    positions: int
    max_positions: int


class RiskLimits(Shape):
    """What risk holds against."""

    kelly_fraction: float
    city_day_share: float
    day_loss_share: float
    max_positions: int
    max_city_positions: int
    max_book_age_s: float
    max_forecast_age_s: float
    max_reference_gap_f: float
    last_entry_h: float


class RiskStatus(Shape):
    """Kill switch, limits and how much of each is used."""

    at: Instant
    switch: SwitchView
    limits: RiskLimits
    positions: int
    """Markets with a position or a live entry."""
    bankroll: Dollars
    free_cash: Dollars
    day_loss: LimitUse
    """Opening balance − equity, against the loss that throws the switch."""
    exposure: list[Exposure]
