"""What one, two and many settled days teach, by hand, and when NBM versions changed."""

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from kalshi_edge.domain.records import Calibration
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.errors import InputError
from kalshi_edge.models.calibration import (
    HALF_LIFE_DAYS,
    NBM_VERSIONS,
    learn,
    nbm_version,
    uncalibrated,
)

DAY = date(2026, 9, 1)


def forecast(number: int, mean_f: float = 70.0, version: str = "5.0") -> Forecast:
    at = datetime(2026, 8, 31, 12, tzinfo=UTC) + timedelta(days=number)
    return Forecast(
        "KNYC", DAY + timedelta(days=number), "NBM", version, at, at, mean_f=mean_f, sd_f=2.0
    )


def taught(known: Calibration, number: int, actual_f: int) -> Calibration:
    given = forecast(number)
    return learn(known, given, actual_f, given.received_at + timedelta(days=2))


def test_two_days_by_hand() -> None:
    one = taught(uncalibrated("NYC", forecast(0)), 0, 73)
    # error 3, z 1.5: both means are that day's; one day of sixteen is believed
    assert one.bias_f == pytest.approx(3 / 16)
    assert one.sigma_scale == pytest.approx(1 + 0.5 / 16)
    two = taught(one, 1, 71)
    keep = 0.5 ** (1 / 25)
    z = (1 - 3 / 16) / 2
    weight = 1 + keep
    assert two.bias_f == pytest.approx((1 + keep * 3) / weight * 2 / 17)
    root = ((z**2 + keep * 1.5**2) / weight) ** 0.5
    assert two.sigma_scale == pytest.approx(1 + (root - 1) * 2 / 17)
    assert (two.days, two.as_of, two.error_f, two.sigma_f) == (2, date(2026, 9, 2), 1.0, 2.0)


def test_an_error_counts_half_after_its_half_life() -> None:
    known = uncalibrated("NYC", forecast(0))
    for number in range(2000):
        known = taught(known, number, 70)
    shocked, days = taught(known, 2000, 90), int(HALF_LIFE_DAYS)
    later = shocked
    for number in range(2001, 2001 + days):
        later = taught(later, number, 70)
    assert later.bias_f == pytest.approx(shocked.bias_f / 2, rel=0.01)


def test_a_day_teaches_once_and_an_earlier_one_not_at_all() -> None:
    one = taught(uncalibrated("NYC", forecast(0)), 5, 73)
    assert taught(one, 5, 73) is one
    assert taught(one, 4, 60) is one


def test_another_version_starts_over_and_an_isolated_run_of_it_costs_nothing() -> None:
    old = taught(uncalibrated("NYC", forecast(0)), 0, 75)
    new = uncalibrated("NYC", forecast(1, version="5.1"))
    assert (new.bias_f, new.sigma_scale, new.days) == (0.0, 1.0, 0)
    with pytest.raises(InputError, match=r"'5\.0'.*'5\.1'"):
        learn(old, forecast(1, version="5.1"), 75, datetime(2026, 9, 4, tzinfo=UTC))
    assert taught(old, 2, 75).days == 2


def test_a_forecast_that_came_after_the_result_is_no_forecast() -> None:
    late = replace(forecast(0), received_at=datetime(2026, 9, 3, tzinfo=UTC))
    with pytest.raises(InputError, match="after the result"):
        learn(uncalibrated("NYC", late), late, 70, datetime(2026, 9, 2, 12, tzinfo=UTC))


def test_each_version_begins_with_its_first_run() -> None:
    assert nbm_version(datetime(2024, 5, 15, 10, tzinfo=UTC)) == "4.1"
    assert nbm_version(datetime(2024, 5, 15, 11, tzinfo=UTC)) == "4.2"
    assert nbm_version(datetime(2026, 11, 22, tzinfo=UTC)) == "5.0"
    with pytest.raises(InputError, match="2020-09-29 11:00Z"):
        nbm_version(datetime(2020, 9, 29, 11, tzinfo=UTC))


@pytest.mark.shared
def test_the_versions_are_those_of_the_archive(shared: Path) -> None:
    with (shared / "data/nbm/nbm_versions.csv").open() as file:
        rows = [
            (row["nbm_version"][1:], datetime.fromisoformat(row["valid_from_utc"] + "+00:00"))
            for row in csv.DictReader(file)
        ]
    assert tuple(rows) == NBM_VERSIONS
