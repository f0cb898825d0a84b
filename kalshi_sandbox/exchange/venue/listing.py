"""Ladders as they are listed: which bins, which words, which hours.

Six bins around the forecast, four of 2 °F and two tails; a ticker's ``T`` does not say which tail.
Everything is marked SYNTHETIC: the prices to come are made up.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from kalshi_edge.data.kalshi.market_wire import event_ticker
from kalshi_edge.data.kalshi.rule_text import MONTHS
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.weather import Station
from kalshi_sandbox.exchange.venue.records import Source, VenueEvent, VenueMarket, VenueSeries
from kalshi_sandbox.exchange.venue.venue import Venue

EASTERN = ZoneInfo("America/New_York")
SETTLEMENT_TIMER = timedelta(seconds=300)
CATEGORY = "Climate and Weather"
TAG = "Daily temperature"
MARK = "SYNTHETIC"

WEATHER_COMPANY = Source("The Weather Company", "https://weather.com/kalshi")
RULES_SECONDARY = (
    "SYNTHETIC market of a simulated exchange: no real money, no real weather. The figure that "
    "counts is the whole-degree daily extreme for the climate day, midnight to midnight local "
    "standard time, in the first report that is not preliminary; later corrections change nothing."
)

CITY_NAMES = {
    "NYC": "New York City",
    "CHI": "Chicago",
    "LA": "Los Angeles",
    "MIA": "Miami",
    "AUS": "Austin",
    "DEN": "Denver",
    "PHIL": "Philadelphia",
    "ATL": "Atlanta",
    "BOS": "Boston",
    "DAL": "Dallas",
    "DC": "Washington DC",
    "EWR": "Newark",
    "HOU": "Houston",
    "LV": "Las Vegas",
    "MIN": "Minneapolis",
    "NOLA": "New Orleans",
    "OKC": "Oklahoma City",
    "PHX": "Phoenix",
    "SATX": "San Antonio",
    "SAN": "San Diego",
    "SDF": "Louisville",
    "SEA": "Seattle",
    "SFO": "San Francisco",
    "TTN": "Trenton",
}


def ladder_bins(center_f: float) -> tuple[Bin, ...]:
    """Six bins, four of two degrees about ``center_f`` °F and the tails; parity varies with it.

    >>> [str(bin_) for bin_ in ladder_bins(76.9)]
    ['≤72°', '73–74°', '75–76°', '77–78°', '79–80°', '≥81°']
    """
    lowest = round(center_f - 3.5)
    inner = tuple(Bin(floor, floor + 1) for floor in range(lowest, lowest + 8, 2))
    return (Bin(None, lowest - 1), *inner, Bin(lowest + 8, None))


@dataclass(frozen=True, slots=True)
class Strikes:
    """A bin in the exchange's fields: strict at the tails, both ends included in between."""

    suffix: str
    strike_type: str
    floor: int | None
    cap: int | None
    words: str
    """As the rules say it."""
    label: str
    """As the page shows it."""


def strikes(bin_: Bin) -> Strikes:
    """How the exchange writes ``bin_``.

    >>> strikes(Bin(None, 72)).suffix, strikes(Bin(73, 74)).suffix, strikes(Bin(81, None)).suffix
    ('T73', 'B73.5', 'T80')
    """
    match bin_.lower, bin_.upper:
        case None, int(top):
            cap = top + 1
            return Strikes(f"T{cap}", "less", None, cap, f"less than {cap}°", f"{top}° or below")
        case int(bottom), None:
            floor = bottom - 1
            words, label = f"greater than {floor}°", f"{bottom}° or above"
            return Strikes(f"T{floor}", "greater", floor, None, words, label)
        case int(bottom), int(top):
            words, label = f"between {bottom}-{top}°", f"{bottom}° to {top}°"
            return Strikes(f"B{(bottom + top) / 2:g}", "between", bottom, top, words, label)
    raise AssertionError(bin_)  # a bin is never open at both ends


def day_words(day: date) -> str:
    """``Sep 5, 2026``, in English whatever the locale."""
    return f"{MONTHS[day.month - 1].title()} {day.day}, {day.year}"


def rules_primary(market: VenueMarket) -> str:
    """The sentence that is the contract."""
    return rules_text(market.event.series, market.event.day, market.bin)


def rules_text(series: VenueSeries, day: date, bin_: Bin) -> str:
    """The contract on one bin of a series' day."""
    return (
        f"If the maximum temperature recorded at {series.city} ({series.station.report}) for "
        f"{day_words(day)}, is {strikes(bin_).words} fahrenheit according to "
        f"{series.source.name}, then the market resolves to Yes."
    )


def listed_at(day: date) -> datetime:
    """When a day's ladder is announced: half past nine UTC the day before."""
    return datetime.combine(day - timedelta(days=1), time(9, 30), tzinfo=UTC)


def opens_at(day: date) -> datetime:
    """When a day's ladder begins to trade: ten in New York the day before.

    >>> opens_at(date(2026, 9, 5)).hour, opens_at(date(2026, 11, 22)).hour
    (14, 15)
    """
    local = datetime.combine(day - timedelta(days=1), time(10), tzinfo=EASTERN)
    return local.astimezone(UTC)


def occurs_at(day: date) -> datetime:
    """The instant the exchange gives as that of the event: 14 UTC on the next day."""
    return datetime.combine(day + timedelta(days=1), time(14), tzinfo=UTC)


def latest_expiration(day: date) -> datetime:
    """When the exchange stops waiting for a figure: a week after the day."""
    return datetime.combine(day + timedelta(days=7), time(14), tzinfo=UTC)


def new_series(station: Station, at: datetime) -> VenueSeries:
    """The daily highs of a station as a series."""
    return VenueSeries(
        station=station,
        city=CITY_NAMES[station.city],
        source=WEATHER_COMPANY,
        rules_secondary=RULES_SECONDARY,
        notice="SYNTHETIC-1",
        updated_at=at,
    )


def new_event(venue: Venue, series: VenueSeries, day: date, bins: tuple[Bin, ...]) -> VenueEvent:
    """A ladder about to be listed at the venue's now."""
    event = VenueEvent(
        seq=venue.next_number(),
        ticker=event_ticker(series.station, day),
        series=series,
        day=day,
        created_at=venue.now,
        updated_at=venue.now,
        open_at=opens_at(day),
        close_at=series.station.day_end(day),
    )
    event.markets = tuple(
        VenueMarket(
            seq=venue.next_number(),
            ticker=f"{event.ticker}-{strikes(bin_).suffix}",
            event=event,
            bin=bin_,
            created_at=venue.now,
            updated_at=venue.now,
        )
        for bin_ in bins
    )
    return event
