"""Every setting, wrong in turn, stops the program and is named; the example agrees."""

import os
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from kalshi_edge import __version__
from kalshi_edge.choices import FeeGate, TradingMode
from kalshi_edge.config import Settings, load_settings
from kalshi_edge.domain.orders import Strategy
from kalshi_edge.errors import SettingError
from kalshi_edge.trading.edge import Gates
from kalshi_edge.trading.playbook import Limits

ROOT = Path(__file__).resolve().parents[2]

ANY_TEXT = {
    "KALSHI_KEY_ID",
    "KALSHI_PRIVATE_KEY_PEM",
    "KALSHI_PRIVATE_KEY_PATH",
    "LIVE_CONFIRM",
    "STORE_PATH",
    "DASHBOARD_PASSWORD",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "DYNAMODB_ENDPOINT",
    "HISTORY_DIR",
    "RECORD_DIR",
    "FORECAST_MODELS",
    "LOG_PATH",
    "API_SECRET_KEY",
}
"""What takes any text cannot be wrong before it is used."""

WRONG = {
    "TRADING_MODE": ["Paper", "real", "papre"],
    "STORE": ["SQLite", "postgres"],
    "STARTING_BALANCE": ["0", "-1", "ten", "NaN", "Infinity", "10000001"],
    "PAPER_INSTANT_FILL": ["perhaps", "2"],
    "CITIES": ["", "NYC,Atlantis", ",", "NYC;LA"],
    "STRATEGIES": ["", "double", "single,double", "manual"],
    "MIN_EDGE_THRESHOLD": ["-0.01", "1", "nan", "inf", "5 %"],
    "MAX_EDGE_THRESHOLD": ["0", "1.01", "nan", "0.05", "0.04"],
    "MIN_BRACKET_EDGE": ["-0.01", "1", "nan"],
    "MIN_ASK": ["0", "1", "-0.05", "NaN", "0.95", "0.96"],
    "MAX_ASK": ["0", "1", "95", "0.05", "0.04"],
    "MAX_SPREAD": ["0", "1", "12"],
    "KALSHI_FEE_RATE": ["-0.01", "0.11", "NaN"],
    "FEE_GATE": ["none", "House"],
    "MODEL": ["NBM", "Seed"],
    "ENTRY": ["Maker", "both"],
    "QUOTE_MARGIN": ["-0.01", "0.51", "NaN"],
    "KELLY_FRACTION": ["0", "0.51", "-0.25", "25", "NaN"],
    "MAX_CITY_DAY_SHARE": ["0", "0.051", "3"],
    "MAX_ORDER_DOLLARS": ["0", "1000.01", "NaN"],
    "MAX_OPEN_POSITIONS": ["0", "-1", "1001", "2.5", "ten"],
    "MAX_CITY_POSITIONS": ["0", "-1", "1001"],
    "MAX_DAY_LOSS_SHARE": ["0", "1.01", "5", "NaN"],
    "MAX_MARK_LOSS_SHARE": ["0", "1.01", "5", "NaN"],
    "SIZING": ["kelly", "joint"],  # joint needs another model than the usual one
    "LONGSHOT_SHARE": ["0", "0.021", "-1", "NaN"],
    "CONTRACT_STEP": ["0", "0.001", "-1", "101", "0.015", "NaN"],
    "CLOSE_MARGIN_MIN": ["-1", "1441", "nan", "inf"],
    "MAX_BOOK_AGE_MIN": ["0", "-1", "1441", "nan"],
    "MAX_FORECAST_AGE_H": ["0", "73", "nan", "inf"],
    "MAX_REFERENCE_GAP_F": ["0", "51", "nan"],
    "REFERENCE_REQUIRED": ["perhaps", "2"],
    "LAST_ENTRY_H": ["-1", "25", "nan"],
    "CONTACT": ["me", "you@example.org", "jörg@wetter.de"],
    "SANDBOX_URL": [
        "127.0.0.1:8765",
        "http://sandbox.net:8765",
        "https://127.0.0.1",
        "http://a@127.0.0.1",
    ],
    "BULLETINS_EVERY_MIN": ["0", "61", "nan"],
    "OBSERVATIONS_EVERY_MIN": ["0", "61", "nan"],
    "REPORTS_EVERY_MIN": ["4", "61", "nan"],
    "NWS_EVERY_MIN": ["9", "361", "nan"],
    "GUIDANCE_EVERY_MIN": ["-1", "361", "nan"],
    "BOOKS_EVERY_S": ["4", "1801", "nan"],
    "MAX_CONTRACTS_15S": ["0", "-1", "1.5"],
    "MAX_RECONCILE_AGE_MIN": ["0", "1441", "nan"],
    "MAX_DATA_AGE_MIN": ["0", "1441", "nan"],
    "MAX_ORDER_ERRORS": ["0", "1001"],
    "HALT_ON_RULE_CHANGE": ["perhaps"],
    "HALT_ON_FEE_DIFFERENCE": ["2"],
    "API_HOST": ["http://127.0.0.1", "a b"],
    "API_PORT": ["-1", "65536", "8000.5"],
    "DYNAMODB_TABLE_PREFIX": ["ab", "with space", "x" * 201],
    "KEEP_JOURNAL_DAYS": ["29", "36501", "many"],
    "KEEP_AUDIT_DAYS": ["399", "36501"],
    "FRONTEND_URL": ["localhost:3000", "https://a.example/path", "*"],
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests counts."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.lower() in Settings.model_fields:
            monkeypatch.delenv(name)


def test_every_setting_is_wrong_once_below() -> None:
    assert {name.upper() for name in Settings.model_fields} == set(WRONG) | ANY_TEXT


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts if text]
)
def test_a_wrong_setting_stops_the_program_and_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingError) as stopped:
        load_settings()
    assert name in str(stopped.value)
    assert text in str(stopped.value)
    assert "\n" not in str(stopped.value)


@pytest.mark.parametrize("key", ["fifteen-letters", "sixteen letters é"])
def test_a_weak_key_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(SettingError, match="API_SECRET_KEY") as stopped:
        load_settings(api_secret_key=key)
    assert key not in str(stopped.value)


@pytest.mark.parametrize("name", ["CITIES", "STRATEGIES"])
def test_a_list_of_nothing_is_wrong(name: str) -> None:
    with pytest.raises(SettingError, match=name):
        load_settings(**{name.lower(): ()})


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KELLY_FRACTION", "")
    assert load_settings() == Settings()


def test_the_defaults_are_the_houses() -> None:
    settings = load_settings()
    assert settings.trading_mode is TradingMode.PAPER
    assert settings.starting_balance == 1000
    assert [station.icao for station in settings.stations] == [
        "KNYC", "KLAX", "KMIA", "KMDW", "KPHX",
    ]  # fmt: skip
    playbook = settings.playbook
    assert playbook.gates == Gates()
    assert playbook.limits == Limits()
    assert playbook.strategies == {Strategy.SINGLE, Strategy.BRACKET}


def test_every_setting_of_gates_and_limits_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "MIN_EDGE_THRESHOLD": "0.06", "MAX_EDGE_THRESHOLD": "0.3", "MIN_BRACKET_EDGE": "0.11",
        "MIN_ASK": "0.06", "MAX_ASK": "0.94", "MAX_SPREAD": "0.11", "KALSHI_FEE_RATE": "0.02",
        "FEE_GATE": "exchange", "KELLY_FRACTION": "0.2", "MAX_CITY_DAY_SHARE": "0.02",
        "MAX_OPEN_POSITIONS": "9", "MAX_CITY_POSITIONS": "1", "MAX_DAY_LOSS_SHARE": "0.04",
        "CONTRACT_STEP": "0.01", "CLOSE_MARGIN_MIN": "11", "MAX_BOOK_AGE_MIN": "4",
        "MAX_FORECAST_AGE_H": "13", "MAX_REFERENCE_GAP_F": "3", "REFERENCE_REQUIRED": "true",
        "LAST_ENTRY_H": "9", "MAX_MARK_LOSS_SHARE": "0.2", "MAX_CONTRACTS_15S": "1500",
        "STRATEGIES": "bracket", "MAX_ORDER_DOLLARS": "999",
    }  # fmt: skip
    for name, text in given.items():
        monkeypatch.setenv(name, text)
    playbook = load_settings().playbook
    assert playbook.gates == Gates(
        0.06, 0.3, Decimal("0.06"), Decimal("0.94"), Decimal("0.11"), Decimal("0.02"),
        FeeGate.EXCHANGE, 0.11,
    )  # fmt: skip
    assert playbook.limits == Limits(
        Decimal("0.2"), Decimal("0.02"), 9, 1, Decimal("0.04"), Decimal("0.01"),
        timedelta(minutes=11), timedelta(minutes=4), timedelta(hours=13), 3.0, True,
        timedelta(hours=9), Decimal("0.2"), 1500, Decimal(999),
    )  # fmt: skip
    assert playbook.strategies == {Strategy.BRACKET}
    # every one differs from the default, so that none can be missing above
    for ours, default in ((playbook.gates, Gates()), (playbook.limits, Limits())):
        names = set(type(ours).__slots__) - {"missing_bid_is_wide"}  # no setting: how it was before
        assert all(getattr(ours, name) != getattr(default, name) for name in names)


@pytest.mark.parametrize("text", ["NYC, LA", "NYC,LAX", " NYC ,LA,", "NYC,LA,LAX"])
def test_cities_go_by_any_of_their_names(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("CITIES", text)
    assert load_settings().cities == ("NYC", "LA")


def test_an_empty_variable_leaves_the_files_value(monkeypatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KELLY_FRACTION='0.1'  # a tenth\n")
    monkeypatch.setenv("KELLY_FRACTION", "")
    assert load_settings().kelly_fraction == Decimal("0.1")
    monkeypatch.setenv("kelly_fraction", "0.2")
    monkeypatch.delenv("KELLY_FRACTION")
    assert load_settings().kelly_fraction == Decimal("0.2"), "names in either case"


def test_a_file_that_is_no_text_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"CONTACT=\xff\xfe\n")
    with pytest.raises(SettingError, match=r"\.env cannot be read"):
        load_settings()


def test_what_is_passed_in_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KELLY_FRACTION", "0.5")
    assert load_settings().kelly_fraction == Decimal("0.5")
    assert load_settings(kelly_fraction="0.1").kelly_fraction == Decimal("0.1")


def test_a_file_beside_the_program_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KELLY_FRACTION=0.1\nAPI_URL=elsewhere\n")
    assert load_settings().kelly_fraction == Decimal("0.1")
    (tmp_path / ".env").write_text("KELLY_FRACTION=2\n")
    with pytest.raises(SettingError, match="KELLY_FRACTION"):
        load_settings()


def test_the_example_lists_every_setting_with_its_default(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text()
    names = [line.split("=")[0].lower() for line in text.splitlines() if line[:1].isupper()]
    assert sorted(set(names)) == sorted(names)
    assert set(Settings.model_fields) <= set(names)
    (tmp_path / ".env").write_text(text)
    assert load_settings() == Settings()


def test_the_weather_offices_see_the_program_and_whom_to_write_to() -> None:
    assert load_settings().user_agent == f"kalshi-edge/{__version__}"
    named = load_settings(contact="ann@weather.test")
    assert named.user_agent == f"kalshi-edge/{__version__} (ann@weather.test)"
