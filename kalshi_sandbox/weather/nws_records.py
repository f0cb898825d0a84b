"""What api.weather.gov has on record: observations and products, and how it words its refusals."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kalshi_edge.domain.weather import Station
from kalshi_sandbox.weather.metar import celsius, metar, report_times, whole_celsius
from kalshi_sandbox.weather.nws_json import CONTEXT, Json, feature, hour, stamp
from kalshi_sandbox.weather.office_table import office_of, zone_name
from kalshi_sandbox.weather.product_feed import Bulletin
from kalshi_sandbox.world.world import SLOT, World

_LONGEST_LAG_MIN = 18


def observations(
    world: World,
    station: Station,
    start_at: datetime,
    end_at: datetime,
    *,
    now: datetime,
    base: str,
    late: timedelta,
) -> list[Json]:
    """Observations made in ``[start_at, end_at]`` and seen by ``now``, newest first.

    Hourly reports have tenths; five-minute records, where there is such a feed, whole °C only.
    """
    reports = set(report_times(station, start_at, end_at))
    made = set(reports)
    if office_of(station).has_five_minute_feed:
        first = start_at + (hour(start_at) - start_at) % SLOT
        count = max(0, (end_at - first) // SLOT + 1)
        made |= {first + step * SLOT for step in range(count)}
    return [
        _observation(world, station, at, at in reports, base)
        for at in sorted(made, reverse=True)
        if at + _lag(world, station, at) + late <= now
    ]


def observing_station(station: Station, base: str) -> Json:
    """Where a cell's observations are made."""
    here = f"{base}/stations/{station.icao}"
    return feature(here, station) | {
        "properties": {
            "@id": here,
            "@type": "wx:ObservationStation",
            "stationIdentifier": station.icao,
            "name": station.name,
            "timeZone": zone_name(station),
        }
    }


def collection(features: Sequence[Json]) -> Json:
    """Features as one document."""
    return {"@context": CONTEXT, "type": "FeatureCollection", "features": list(features)}


def product_list(bulletins: Sequence[Bulletin], base: str) -> Json:
    """``/products/types/CLI/locations/…``: what there is, newest first, without the texts."""
    return {"@context": {"@version": "1.1"}, "@graph": [_product(b, base) for b in bulletins]}


def product(bulletin: Bulletin, base: str) -> Json:
    """``/products/…``: one text."""
    return {"@context": {"@version": "1.1"}} | _product(bulletin, base) | {
        "productText": "\n" + bulletin.text()
    }  # fmt: skip


def problem(status: int, title: str, detail: str) -> Json:
    """The body of an error."""
    return {
        "correlationId": "sandbox",
        "title": title,
        "type": f"https://api.weather.gov/problems/{title.replace(' ', '')}",
        "status": status,
        "detail": detail,
    }


def _product(bulletin: Bulletin, base: str) -> Json:
    heading = bulletin.text().splitlines()[1].split()
    return {
        "@id": f"{base}/products/{bulletin.identifier}",
        "id": bulletin.identifier,
        "wmoCollectiveId": heading[0],
        "issuingOffice": heading[1],
        "issuanceTime": stamp(bulletin.issued_at),
        "productCode": bulletin.product[:3],
        "productName": "Climatological Report (Daily)",
    }


def _observation(world: World, station: Station, at: datetime, is_report: bool, base: str) -> Json:
    whole_f = world.temperature_f(station, at)
    value = round(celsius(whole_f), 1) if is_report else whole_celsius(whole_f)
    here = f"{base}/stations/{station.icao}/observations/{stamp(at)}"
    nothing = {"unitCode": "wmoUnit:degC", "value": None}
    return feature(here, station) | {
        "properties": {
            "@id": here,
            "@type": "wx:ObservationStation",
            "station": f"{base}/stations/{station.icao}",
            "stationId": station.icao,
            "stationName": station.name,
            "timestamp": stamp(at),
            "rawMessage": metar(world, station, at).removeprefix("METAR ") if is_report else "",
            "textDescription": "Clear",
            "temperature": {"unitCode": "wmoUnit:degC", "value": value, "qualityControl": "V"},
            "maxTemperatureLast24Hours": nothing,
            "minTemperatureLast24Hours": nothing,
        }
    }


def _lag(world: World, station: Station, at: datetime) -> timedelta:
    """From the making of an observation to its appearance: up to 18 minutes, not more than 20."""
    random = world.draws(f"observation lag {station.icao}", int(at.timestamp()))
    return timedelta(minutes=int(random.integers(2, _LONGEST_LAG_MIN + 1)))
