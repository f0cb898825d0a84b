"""The exchange's JSON against real captures of July 2026 and the shapes of autumn 2026."""

import copy
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kalshi_edge.data.kalshi.fields import parse_instant
from kalshi_edge.data.kalshi.market_wire import (
    bin_of,
    parse_book,
    parse_event_ticker,
    parse_fee_rule,
    parse_ladder,
    parse_market,
    parse_settlement,
)
from kalshi_edge.data.kalshi.rule_text import check_rules, parse_rules
from kalshi_edge.data.weather.stations import STATIONS, station_of
from kalshi_edge.domain.market import Bin, FeeRule, FeeType, MarketStatus, PriceRange
from kalshi_edge.errors import ContractError, InputError
from tests.support.builders import NOW, TICKER, levels

D = Decimal
TWC = "The Weather Company"


def market_json(name: str, **changes: Any) -> dict[str, Any]:
    """A market of Los Angeles' ladder of 2026-09-05 in today's shape, null keys left out."""
    figure = int(re.sub(r"\D", "", name.removesuffix(".5")))
    if name.startswith("B"):
        strike = {"strike_type": "between", "floor_strike": figure, "cap_strike": figure + 1}
        clause = f"between {figure}-{figure + 1}°"
    elif name == "T73":
        strike, clause = {"strike_type": "less", "cap_strike": 73}, "less than 73°"
    else:
        strike, clause = {"strike_type": "greater", "floor_strike": 80}, "greater than 80°"
    payload = {
        "ticker": f"KXHIGHLAX-26SEP05-{name}",
        "event_ticker": "KXHIGHLAX-26SEP05",
        "market_type": "binary",
        "status": "active",
        "result": "",
        "expiration_value": "",
        "open_time": "2026-09-04T14:00:00Z",
        "close_time": "2026-09-06T08:00:00Z",
        "price_level_structure": "linear_cent",
        "price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0100"}],
        "rules_primary": "If the maximum temperature recorded at Los Angeles (CLILAX) for "
        f"Sep 5, 2026, is {clause} fahrenheit according to {TWC}, then the market resolves to Yes.",
        "rules_secondary": "The maximum/minimum temperature as the source reports it decides.",
        "settlement_bounds_type": "default",
        "exchange_index": 0,
    }
    return payload | strike | changes


NAMES = ["B79.5", "T73", "T80", "B73.5", "B75.5", "B77.5"]
EVENT = {
    "event_ticker": "KXHIGHLAX-26SEP05",
    "series_ticker": "KXHIGHLAX",
    "mutually_exclusive": True,
    "settlement_sources": [{"name": TWC, "url": "https://weather.com/kalshi"}],
}
SERIES = {"series": {"ticker": "KXHIGHLAX", "fee_type": "quadratic", "fee_multiplier": 1}}


def event_json(*, nested: bool = False, **changes: Any) -> dict[str, Any]:
    markets = [market_json(name) for name in NAMES]
    if nested:
        return {"event": EVENT | {"markets": markets} | changes}
    return {"event": EVENT | changes, "markets": markets}


# --- bins --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strike", "bin_"),
    [
        (("less", None, 73), Bin(None, 72)),
        (("less_or_equal", None, 73), Bin(None, 73)),
        (("between", 73, 74.0), Bin(73, 74)),
        (("greater", 80, None), Bin(81, None)),
        (("greater_or_equal", D("80"), None), Bin(80, None)),
        (("between", -3, -2), Bin(-3, -2)),
        (("less", None, 0), Bin(None, -1)),
    ],
)
def test_strikes_become_bins(strike, bin_: Bin) -> None:
    assert bin_of(*strike) == bin_


@pytest.mark.parametrize(
    "strike",
    [
        ("less", None, None),
        ("less", 72, 73),
        ("greater", None, 80),
        ("between", 73, None),
        ("between", 74, 73),
        ("between", 73.5, 74.5),
        ("greater", float("nan"), None),
        ("greater", "80", None),
        ("greater", True, None),
        ("structured", 73, 74),
        ("functional", None, None),
        ("", 73, 74),
    ],
)
def test_strikes_that_make_no_bin_are_refused(strike) -> None:
    with pytest.raises(ContractError):
        bin_of(*strike)


# --- markets and ladders -----------------------------------------------------------------------


@pytest.mark.parametrize("bounds", ["floor", "range", "", None])
def test_a_market_that_settles_within_bounds_is_refused_by_name(bounds: str | None) -> None:
    with pytest.raises(ContractError, match=r"B79\.5: settlement_bounds_type"):
        parse_market(market_json("B79.5", settlement_bounds_type=bounds))


def test_a_market_from_before_there_were_bounds_has_none() -> None:
    payload = market_json("B79.5")
    del payload["settlement_bounds_type"]
    assert parse_market(payload).bin == Bin(79, 80)


@pytest.mark.parametrize(
    ("unit", "named"),
    [
        ("° celsius", "'celsius'"),
        ("° Celsius", "'Celsius'"),
        ("°C", "'°C'"),
        ("° C", "'° C'"),
        ("° (Celsius)", "'Celsius'"),
        ("° centigrade", "'centigrade'"),
        ("° kelvin", "'kelvin'"),
        (" degrees Celsius", "'Celsius'"),
        (" K", "K'"),
        ("℃", "'℃'"),
        ("° réaumur", "'°r'"),
        ("° delisle", "'°delisle'"),
    ],
)
def test_rules_in_another_unit_are_refused_by_its_name(unit: str, named: str) -> None:
    payload = market_json("B79.5")
    text = payload["rules_primary"].replace("° fahrenheit", unit)
    with pytest.raises(ContractError, match=r"the rules count in .*not in °F") as refused:
        parse_market(payload | {"rules_primary": text})
    assert named in str(refused.value)


def test_a_unit_in_the_second_text_counts_too() -> None:
    secondary = "The source reports degrees Celsius."
    with pytest.raises(ContractError, match="'Celsius'"):
        parse_market(market_json("B79.5", rules_secondary=secondary))


@pytest.mark.parametrize("unit", ["°F", "° F", "° Fahrenheit", "°", "° fahrenheit,"])
def test_fahrenheit_in_other_words_is_fahrenheit(unit: str) -> None:
    payload = market_json("B79.5")
    text = payload["rules_primary"].replace("° fahrenheit", unit)
    assert parse_market(payload | {"rules_primary": text}).bin == Bin(79, 80)


def test_the_tickers_of_all_series_name_station_and_day() -> None:
    for station in STATIONS:
        assert parse_event_ticker(f"{station.series}-26FEB28") == (station, date(2026, 2, 28))
    assert parse_event_ticker("HIGHNY-23JAN01") == (station_of("NYC"), date(2023, 1, 1))


@pytest.mark.parametrize(
    "ticker", ["KXHIGHNY-26FEB30", "KXHIGHNY-26Feb20", "KXLOWTNYC-26FEB20", "KXHIGHNY", ""]
)
def test_other_tickers_are_not_ours(ticker: str) -> None:
    with pytest.raises(ContractError):
        parse_event_ticker(ticker)


@pytest.mark.parametrize("nested", [True, False])
def test_a_ladder_is_read_with_its_markets_inside_the_event_or_beside_it(nested: bool) -> None:
    ladder = parse_ladder(event_json(nested=nested), SERIES, NOW)
    assert [str(market.bin) for market in ladder.markets] == [
        "≤72°", "73–74°", "75–76°", "77–78°", "79–80°", "≥81°",
    ]  # fmt: skip
    assert (ladder.station.city, ladder.climate_day) == ("LA", date(2026, 9, 5))
    assert (ladder.fee_rule, ladder.received_at) == (FeeRule(), NOW)
    (market,) = [m for m in ladder.markets if m.ticker.endswith("B79.5")]
    assert market.status is MarketStatus.ACTIVE
    assert market.open_at == datetime(2026, 9, 4, 14, tzinfo=UTC)
    assert market.close_at == ladder.station.day_end(ladder.climate_day)
    assert market.price_ranges == (PriceRange(D(0), D(1), D("0.01")),)
    assert market.terms.source == TWC


def test_an_event_out_of_a_list_is_read_too() -> None:
    bare = event_json(nested=True)["event"]
    assert parse_ladder(bare, SERIES["series"], NOW) == parse_ladder(event_json(), SERIES, NOW)


def test_all_markets_of_a_ladder_share_one_fingerprint_that_no_day_or_strike_changes() -> None:
    ladder = parse_ladder(event_json(), SERIES, NOW)
    (fingerprint,) = {market.terms.fingerprint for market in ladder.markets}
    text = json.dumps(event_json()).replace("26SEP05", "26SEP06").replace("Sep 5", "Sep 6")
    tomorrow = parse_ladder(json.loads(text), SERIES, NOW)
    assert {market.terms.fingerprint for market in tomorrow.markets} == {fingerprint}


@pytest.mark.parametrize(
    ("old", "new"),
    [(TWC, "AccuWeather"), ("source reports it", "source first reports it")],
)
def test_another_source_or_another_rule_changes_the_fingerprint(old: str, new: str) -> None:
    before = parse_market(market_json("B79.5")).terms
    payload = json.loads(json.dumps(market_json("B79.5")).replace(old, new))
    assert parse_market(payload).terms.fingerprint != before.fingerprint


def test_the_source_that_the_event_names_goes_before_the_rules_own_word() -> None:
    event = event_json(settlement_sources=[{"name": "National Weather Service "}])
    ladder = parse_ladder(event, SERIES, NOW)
    assert ladder.markets[0].terms.source == "National Weather Service"
    for unnamed in (None, []):
        plain = parse_ladder(event_json(settlement_sources=unnamed), SERIES, NOW)
        assert plain.markets[0].terms.source == TWC


def test_unknown_words_are_kept_as_unknown_and_unknown_fields_ignored() -> None:
    market = parse_market(market_json("B79.5", status="frozen", moon_phase={"full": True}))
    assert market.status is MarketStatus.UNKNOWN
    assert parse_fee_rule({"fee_type": "cubic", "fee_multiplier": 1}).fee_type is FeeType.UNKNOWN


@pytest.mark.parametrize(
    "field",
    ["ticker", "event_ticker", "status", "strike_type", "floor_strike", "cap_strike",
     "close_time", "price_ranges", "rules_primary", "rules_secondary"],
)  # fmt: skip
@pytest.mark.parametrize("null", [True, False])
def test_a_market_without_a_needed_field_is_refused(field: str, null: bool) -> None:
    payload = market_json("B79.5")
    payload[field] = None
    if not null:
        del payload[field]
    with pytest.raises(ContractError):
        parse_market(payload)


def test_what_may_be_absent_is_absent() -> None:
    payload = market_json("B79.5", open_time=None)
    del payload["exchange_index"]
    market = parse_market(payload)
    assert (market.open_at, market.exchange_index) == (None, 0)
    assert parse_market(market_json("B79.5", exchange_index=2)).exchange_index == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"market_type": "scalar"},
        {"event_ticker": "KXHIGHLAX-26SEP06"},
        {"close_time": "2026-09-06T08:00:00"},
        {"close_time": "tomorrow"},
        {"price_ranges": [{"start": "0.0000", "end": "1.0000", "step": "0.0000"}]},
        {"price_ranges": [{"start": 0.0, "end": 1.0, "step": 0.01}]},
        {"price_ranges": ["linear_cent"]},
        {"rules_primary": ""},
    ],
)
def test_a_market_that_is_not_what_it_should_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match=re.escape("KXHIGHLAX-26SEP05-B79.5")):
        parse_market(market_json("B79.5") | changes)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("Sep 5, 2026", "Sep 6, 2026", "rules for 2026-09-06, ticker for 2026-09-05"),
        ("Sep 5, 2026", "Sep 31, 2026", "no day"),
        ("between 79-80", "between 80-81", "rules pay for 80–81°, fields for 79–80°"),
        ("between 79-80", "greater than 79", "rules pay for ≥80°, fields for 79–80°"),
        ("between 79-80", "between 79", "no interval"),
        ("between 79-80", "about 79-80", "0 times a strike"),
        ("maximum temperature", "minimum temperature", "minimum"),
        ("maximum temperature", "average temperature", "0 times a kind of temperature"),
        ("CLILAX", "CLIBUR", "rules name CLIBUR, the station is CLILAX"),
        ("Los Angeles (CLILAX)", "Chicago O'Hare", "rules speak of Chicago O'Hare"),
        (f"according to {TWC}", "in our opinion", "0 times a source"),
    ],
)
def test_rules_that_contradict_the_fields_are_refused(old: str, new: str, reason: str) -> None:
    payload = market_json("B79.5")
    assert old in payload["rules_primary"]
    payload["rules_primary"] = payload["rules_primary"].replace(old, new)
    with pytest.raises(ContractError, match=re.escape(reason)):
        parse_market(payload)


@pytest.mark.parametrize("place", ["Chicago O'Hare, IL", "Miami International Airport"])
def test_another_station_is_noticed_without_a_report_in_the_rules(place: str) -> None:
    text = (
        f"If the highest temperature recorded at {place} for July 24, 2026, is greater than 85° "
        "according to the National Weather Service, then the market resolves to Yes."
    )
    rules = parse_rules(text, "")
    with pytest.raises(ContractError, match="Chicago Midway"):
        check_rules(rules, station_of("CHI"), date(2026, 7, 24), Bin(86, None))


@pytest.mark.parametrize(
    ("clause", "bin_"),
    [
        ("less than or equal to -5°", Bin(None, -5)),
        ("greater than or equal to 101°", Bin(101, None)),
        ("less than -5°", Bin(None, -6)),
        ("between -3--2°", Bin(-3, -2)),
        ("between 99 and 100°", Bin(99, 100)),
    ],
)
def test_strikes_in_words(clause: str, bin_: Bin) -> None:
    text = market_json("B79.5")["rules_primary"].replace("between 79-80°", clause)
    assert parse_rules(text, "").bin == bin_


@pytest.mark.parametrize(
    "spoil",
    [
        lambda event: event.pop("markets"),
        lambda event: event.update(markets=[]),
        lambda event: event.update(markets=[None]),
        lambda event: event["markets"].pop(),
        lambda event: event["markets"].append(event["markets"][0]),
        lambda event: event["markets"][0].update(event_ticker="KXHIGHLAX-26SEP04"),
        lambda event: event["event"].update(series_ticker="KXHIGHNY"),
        lambda event: event["event"].update(settlement_sources=[TWC]),
        lambda event: event.update(event="KXHIGHLAX-26SEP05"),
    ],
)
def test_a_ladder_that_does_not_hold_together_is_refused(spoil) -> None:
    event = copy.deepcopy(event_json())
    spoil(event)
    with pytest.raises(ContractError):
        parse_ladder(event, SERIES, NOW)


def test_a_dormant_series_is_not_traded() -> None:
    text = json.dumps(event_json()).replace("KXHIGHLAX", "HIGHLAX")
    with pytest.raises(ContractError, match="HIGHLAX, not KXHIGHLAX"):
        parse_ladder(json.loads(text), SERIES, NOW)


def test_an_events_own_fees_go_before_its_series() -> None:
    event = event_json(fee_type_override="quadratic_with_maker_fees", fee_multiplier_override=0.5)
    rule = FeeRule(FeeType.QUADRATIC_WITH_MAKER_FEES, D("0.5"))
    assert parse_ladder(event, SERIES, NOW).fee_rule == rule
    cleared = event_json(fee_type_override=None, fee_multiplier_override=None)
    assert parse_ladder(cleared, SERIES, NOW).fee_rule == FeeRule()


@pytest.mark.parametrize(
    "series",
    [
        {"fee_type": "quadratic"},
        {"fee_multiplier": 1},
        {"fee_type": "quadratic", "fee_multiplier": -1},
        {"fee_type": "quadratic", "fee_multiplier": True},
        {"fee_type": "quadratic", "fee_multiplier": 1, "ticker": "KXHIGHNY"},
    ],
)
def test_fees_that_are_not_said_are_not_guessed(series: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        parse_fee_rule(series, EVENT)


# --- books -------------------------------------------------------------------------------------


def test_no_bids_turned_over_are_the_offers() -> None:
    payload = {
        "orderbook_fp": {
            "yes_dollars": [["0.0100", "250.00"], ["0.3900", "40.00"], ["0.4000", "11.77"]],
            "no_dollars": [["0.0100", "900.00"], ["0.5800", "120.00"], ["0.5900", "73.00"]],
        }
    }
    book = parse_book(TICKER, payload, NOW)
    assert book.bids == levels([("0.40", "11.77"), ("0.39", 40), ("0.01", 250)])
    assert book.asks == levels([("0.41", 73), ("0.42", 120), ("0.99", 900)])
    assert parse_book(TICKER, payload | {"ticker": TICKER}, NOW) == book


@pytest.mark.parametrize("no_side", [{}, {"no_dollars": None}, {"no_dollars": []}])
def test_a_side_that_is_missing_or_null_is_empty(no_side: dict[str, Any]) -> None:
    book = parse_book(TICKER, {"yes_dollars": [["0.4000", "1.00"]]} | no_side, NOW)
    assert (book.bid, book.ask) == (D("0.40"), None)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"orderbook_fp": {}},
        {"orderbook_fp": None},
        {"orderbook": {"yes": [[40, 12]], "no": None}},
        {"yes_dollars": [["0.4000", 12.0]], "no_dollars": []},
        {"yes_dollars": [[0.4, "12.00"]], "no_dollars": []},
        {"yes_dollars": [["0.4000"]], "no_dollars": []},
        {"yes_dollars": {"0.4000": "12.00"}, "no_dollars": []},
        {"yes_dollars": [["0.4000", "0.00"]], "no_dollars": []},
        {"yes_dollars": [["0.4000", "1.00"], ["0.3900", "1.00"]], "no_dollars": []},
        {"yes_dollars": [["0.4000", "1.00"]], "no_dollars": [["0.6000", "1.00"]]},
        {"ticker": "KXHIGHNY-26NOV22-B54.5", "yes_dollars": [], "no_dollars": []},
    ],
)
def test_what_is_not_a_book_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        parse_book(TICKER, payload, NOW)


# --- settlements -------------------------------------------------------------------------------

SETTLED = {
    "status": "finalized",
    "result": "yes",
    "expiration_value": "82.00",
    "settlement_value_dollars": "1.0000",
    "settlement_ts": "2026-09-06T12:00:59.54248Z",
}


def test_a_settlement_says_what_a_contract_pays_and_why() -> None:
    settlement = parse_settlement(market_json("B79.5") | SETTLED, NOW)
    assert (settlement.value, settlement.high_f) == (D(1), D(82))
    assert settlement.valid_at == datetime(2026, 9, 6, 12, 0, 59, 542480, tzinfo=UTC)
    assert settlement.received_at == NOW


@pytest.mark.parametrize("value", ["", None, "not published", "1e3"])
def test_a_figure_that_is_not_given_is_unknown_not_zero(value: str | None) -> None:
    payload = market_json("B79.5") | SETTLED | {"expiration_value": value}
    assert parse_settlement(payload, NOW).high_f is None
    del payload["expiration_value"]
    assert parse_settlement(payload, NOW).high_f is None


def test_a_settlement_may_be_off_nought_and_one() -> None:
    fair = {"result": "scalar", "settlement_value_dollars": "0.4150"}
    assert parse_settlement(market_json("B79.5") | SETTLED | fair, NOW).value == D("0.415")


def test_the_result_alone_is_enough() -> None:
    payload = market_json("B79.5") | SETTLED | {"result": "no"}
    del payload["settlement_value_dollars"]
    del payload["settlement_ts"]
    settlement = parse_settlement(payload, NOW)
    assert (settlement.value, settlement.valid_at) == (D(0), NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "determined"},
        {"status": "disputed"},
        {"status": "settled"},
        {"result": "no"},
        {"result": ""} | {"settlement_value_dollars": None},
        {"result": "scalar", "settlement_value_dollars": None},
        {"settlement_value_dollars": 1},
    ],
)
def test_what_is_not_final_or_not_clear_settles_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        parse_settlement(market_json("B79.5") | SETTLED | changes, NOW)


def test_instants_have_any_number_of_digits() -> None:
    for text, microsecond in [("07Z", 0), ("07.8Z", 800_000), ("07.84776Z", 847_760)]:
        assert parse_instant(f"2026-09-04T20:51:{text}").microsecond == microsecond


# --- real captures of July 2026 ----------------------------------------------------------------


def captured(shared: Path, name: str) -> list[dict[str, Any]]:
    return json.loads((shared / "data" / "kalshi" / name).read_text())["markets"]


def test_the_captured_open_markets_are_read(shared: Path) -> None:
    markets = {
        m.ticker: m for m in map(parse_market, captured(shared, "kxhighny_open_trimmed.json"))
    }
    assert {ticker: market.bin for ticker, market in markets.items()} == {
        "KXHIGHNY-26JUL12-T89": Bin(90, None),
        "KXHIGHNY-26JUL12-T82": Bin(None, 81),
        "KXHIGHNY-26JUL12-B88.5": Bin(88, 89),
    }
    assert len({market.terms for market in markets.values()}) == 3
    assert len({market.terms.fingerprint for market in markets.values()}) == 1
    (source,) = {market.terms.source for market in markets.values()}
    assert source == "National Weather Service's Climatological Report (Daily)"


def test_the_captured_settled_markets_settle(shared: Path) -> None:
    payloads = captured(shared, "kxhighny_settled_trimmed.json")
    settled = {p["ticker"]: parse_settlement(p, NOW) for p in payloads}
    assert {ticker: (s.value, s.high_f) for ticker, s in settled.items()} == {
        "KXHIGHNY-26JUL10-T94": (D(0), D(85)),
        "KXHIGHNY-26JUL10-T87": (D(1), D(85)),
    }
    for payload in payloads:
        pays = parse_market(payload).bin.contains(85)
        assert settled[payload["ticker"]].value == int(pays)


def test_every_series_rules_of_july_2026_agree_with_the_station_table(shared: Path) -> None:
    (path,) = (shared / "data" / "kalshi" / "meta").glob("*.jsonl")
    highs, lows = 0, 0
    for record in map(json.loads, path.read_text().splitlines()):
        texts = record["rules_primary"], record["rules_secondary"]
        if record["series"].startswith("KXHIGH"):
            station, day = parse_event_ticker(record["sample_ticker"].rsplit("-", 1)[0])
            rules = parse_rules(*texts)
            strike = int(record["sample_ticker"].rsplit("-T")[1])
            assert rules.bin in {Bin(None, strike - 1), Bin(strike + 1, None)}
            check_rules(rules, station, day, rules.bin)
            fees = {name: record[name] for name in ("fee_type", "fee_multiplier")}
            assert parse_fee_rule(fees) == FeeRule()
            highs += 1
        elif record["series"].startswith("KXLOW"):
            with pytest.raises(ContractError, match="minimum"):
                parse_rules(*texts)
            lows += 1
    assert (highs, lows) == (20, 20)


def test_every_settled_ladder_of_july_2026_paid_the_bin_of_its_figure(shared: Path) -> None:
    checked = 0
    for path in sorted((shared / "data" / "kalshi" / "actuals").glob("*.jsonl")):
        for record in map(json.loads, path.read_text().splitlines()):
            for event in record["settled_markets"]["events"]:
                if event["series"].startswith("KXHIGH") and event["n_markets"] == 6:
                    _check_winner(event)
                    checked += 1
    assert checked == 122


def _check_winner(event: dict[str, Any]) -> None:
    """Tails by their rank, inner bins by their floor; exactly the figure's market says yes."""
    names = [ticker.rsplit("-", 1)[1] for ticker in event["results"]]
    inner = sorted(int(name[1:-2]) for name in names if name.startswith("B"))
    bins = {
        f"B{floor}.5": bin_of("between", floor, floor + 1) for floor in inner
    } | {
        f"T{inner[0]}": bin_of("less", None, inner[0]),
        f"T{inner[-1] + 1}": bin_of("greater", inner[-1] + 1, None),
    }  # fmt: skip
    assert set(bins) == set(names), event["event_ticker"]
    high = int(D(event["expiration_value"]))
    paid = {
        ticker.rsplit("-", 1)[1] for ticker, result in event["results"].items() if result == "yes"
    }
    assert paid == {name for name, bin_ in bins.items() if bin_.contains(high)}
