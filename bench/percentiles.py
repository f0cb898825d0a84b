"""What the NBP's percentiles are worth: their spread against the printed SD and a learned one.

Las Vegas, May and June 2026, every run of V5.0. Needs an imported history: HISTORY_DIR, or
``history`` here. Lower is better, but for the coverage of P10 to P90, which should be 80 %.
"""

import os
import sys
from pathlib import Path

from kalshi_edge.backtest.percentiles import spread_figures
from kalshi_edge.backtest.wording import interval, signed
from kalshi_edge.data.history.records import read_city
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.domain.weather import ClimateReport, Forecast

CITY = "LV"


def main() -> None:
    history = Path(os.environ.get("HISTORY_DIR", "history"))
    if not (history / CITY).is_dir():
        print(f"skipped: no {CITY} in {history}; run kalshi-edge history import first")
        sys.exit(0)
    records = list(read_city(history, CITY))
    results = {
        one.climate_day: (one.high_f, one.received_at)
        for one in records
        if isinstance(one, ClimateReport) and one.is_final and one.high_f is not None
    }
    runs = [one for one in records if isinstance(one, Forecast) and one.model == "NBP"]
    found = spread_figures(station_of(CITY), runs, results, seed=0)
    for lead, ways in found.items():
        first = next(iter(ways.values()))
        print(f"\n{lead} ahead: {first.n} runs of {first.days} days")
        print("                      σ, °F  CRPS, °F  log, nats  P10–P90   log less usual (95 %)")
        for way, one in ways.items():
            less = one.log_less_usual
            figures = f"{one.sigma_f:6.2f} {one.crps_f:9.3f} {one.log:10.3f} {one.coverage:8.0%}"
            print(f"{way:20} {figures}   {signed(less.mean, 3)} ({interval(less)})")


if __name__ == "__main__":
    main()
