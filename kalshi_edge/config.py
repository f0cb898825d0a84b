"""Settings: the only reader of the environment. A wrong one stops the program with a sentence.

What trades is imported where it is made from them: a refusal should not wait for it.
"""

import os
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)  # fmt: skip

from kalshi_edge import __version__
from kalshi_edge.choices import Entry, FeeGate, ForecastModel, Sizing, StoreKind, TradingMode
from kalshi_edge.data.weather.stations import station_of
from kalshi_edge.db.dynamo.config import DynamoConfig, Keep
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import InputError, SettingError

if TYPE_CHECKING:
    from kalshi_edge.trading.circuit_breakers import CircuitBreakers
    from kalshi_edge.trading.playbook import Playbook

Price = Annotated[Decimal, Field(gt=0, lt=1)]
Share = Annotated[Decimal, Field(gt=0, le=1)]
TextList = tuple[str, ...]

MOST_KELLY, MOST_CITY_DAY = Decimal("0.5"), Decimal("0.05")
MOST_PER_ORDER, MOST_LONGSHOT = Decimal(1000), Decimal("0.02")
"""What no setting raises: beyond half of Kelly a mistaken forecast ruins faster than it earns."""


class Settings(BaseModel):
    """Everything that can be set; ``load_settings`` reads it from the environment and ``.env``.

    Names are those of the environment in lower case; ``.env.example`` lists them with their units.
    """

    model_config = ConfigDict(frozen=True)

    trading_mode: TradingMode = TradingMode.PAPER
    starting_balance: Decimal = Field(default=Decimal(1000), gt=0, le=10_000_000)
    paper_instant_fill: bool = False
    cities: TextList = ("NYC", "LA", "MIA", "CHI", "PHX")
    strategies: TextList = ("single", "bracket")
    model: ForecastModel = ForecastModel.SEED
    sizing: Sizing | None = None
    longshot_share: Decimal = Field(default=Decimal("0.005"), gt=0, le=MOST_LONGSHOT)
    entry: Entry = Entry.TAKER
    quote_margin: Decimal = Field(default=Decimal("0.02"), ge=0, le=Decimal("0.5"))
    forecast_models: TextList = ("NBP", "NBM", "GFSMOS")
    store: StoreKind = StoreKind.SQLITE
    store_path: Path = Path("kalshi-edge.db")
    aws_region: str = "us-east-1"
    aws_access_key_id: str | None = None
    aws_secret_access_key: SecretStr | None = None
    dynamodb_endpoint: str | None = None
    dynamodb_table_prefix: str = Field(default="kalshi", pattern=r"^[A-Za-z0-9_.-]{3,200}$")
    keep_journal_days: int = Field(default=400, ge=30, le=36_500)
    keep_audit_days: int = Field(default=2557, ge=400, le=36_500)
    history_dir: Path = Path("history")
    record_dir: Path | None = None

    contact: str = ""
    sandbox_url: str = ""
    log_path: Path | None = None
    bulletins_every_min: float = Field(default=5, ge=1, le=60)
    observations_every_min: float = Field(default=5, ge=1, le=60)
    reports_every_min: float = Field(default=15, ge=5, le=60)
    nws_every_min: float = Field(default=60, ge=10, le=360)
    guidance_every_min: float = Field(default=0, ge=0, le=360)
    books_every_s: float = Field(default=60, ge=5, le=1800)

    api_host: str = Field(default="127.0.0.1", pattern=r"^[A-Za-z0-9.:-]{1,253}$")
    api_port: int = Field(default=8000, ge=0, le=65535)
    api_secret_key: SecretStr = SecretStr("")
    dashboard_password: SecretStr = SecretStr("")
    frontend_url: TextList = ("http://localhost:3000", "http://127.0.0.1:3000")

    min_edge_threshold: float = Field(default=0.05, ge=0, lt=1)
    max_edge_threshold: float = Field(default=0.35, gt=0, le=1)
    min_bracket_edge: float = Field(default=0.10, ge=0, lt=1)
    min_ask: Price = Decimal("0.05")
    max_ask: Price = Decimal("0.95")
    max_spread: Price = Decimal("0.12")
    kalshi_fee_rate: Decimal = Field(default=Decimal("0.01"), ge=0, le=Decimal("0.1"))
    fee_gate: FeeGate = FeeGate.HOUSE

    kalshi_key_id: str = ""
    kalshi_private_key_pem: SecretStr = SecretStr("")
    kalshi_private_key_path: Path | None = None
    live_confirm: str = "no"
    max_contracts_15s: int = Field(default=2000, ge=1, le=1_000_000)

    max_reconcile_age_min: float = Field(default=10, ge=1, le=1440)
    max_data_age_min: float = Field(default=15, ge=1, le=1440)
    max_order_errors: int = Field(default=5, ge=1, le=1000)
    halt_on_rule_change: bool = True
    halt_on_fee_difference: bool = True

    kelly_fraction: Decimal = Field(default=Decimal("0.25"), gt=0, le=MOST_KELLY)
    max_city_day_share: Decimal = Field(default=Decimal("0.03"), gt=0, le=MOST_CITY_DAY)
    max_order_dollars: Decimal = Field(default=MOST_PER_ORDER, gt=0, le=MOST_PER_ORDER)
    max_open_positions: int = Field(default=10, ge=1, le=1000)
    max_city_positions: int = Field(default=2, ge=1, le=1000)
    max_day_loss_share: Share = Decimal("0.05")
    max_mark_loss_share: Share = Decimal("0.25")
    contract_step: Decimal = Field(default=Decimal(1), gt=0, le=100, decimal_places=2)
    close_margin_min: float = Field(default=10, ge=0, le=1440)
    max_book_age_min: float = Field(default=5, gt=0, le=1440)
    max_forecast_age_h: float = Field(default=14, gt=0, le=72)
    max_reference_gap_f: float = Field(default=4, gt=0, le=50)
    reference_required: bool = False
    last_entry_h: float = Field(default=10, ge=0, le=24)

    @field_validator("cities", "strategies", "forecast_models", "frontend_url", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        words = value.split(",") if isinstance(value, str) else value
        return tuple(word.strip() for word in words if word.strip())

    @field_validator("cities")
    @classmethod
    def _known_cities(cls, cities: tuple[str, ...]) -> tuple[str, ...]:
        if not cities:
            raise ValueError("names no city")
        try:
            return tuple(dict.fromkeys(station_of(city).city for city in cities))
        except InputError as error:
            raise ValueError(str(error)) from error

    @field_validator("strategies")
    @classmethod
    def _known_strategies(cls, strategies: tuple[str, ...]) -> tuple[str, ...]:
        if set(strategies) - {"single", "bracket", "longshot"} or not set(strategies):
            raise ValueError("must be of single, bracket and longshot, one or more")
        return strategies

    @field_validator("api_secret_key")
    @classmethod
    def _not_guessed(cls, key: SecretStr) -> SecretStr:
        text = key.get_secret_value()
        if text and (len(text) < 16 or not text.isascii() or not text.isprintable()):
            raise ValueError("must be at least 16 printable ASCII characters, or empty")
        return key

    @field_validator("frontend_url")
    @classmethod
    def _origins(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        origins = tuple(url.rstrip("/") for url in urls)
        for origin in origins:
            if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?", origin):
                raise ValueError(f"{origin!r} must be like https://dashboard.example.org")
        return origins

    @field_validator("contact")
    @classmethod
    def _somebody(cls, contact: str) -> str:
        is_address = "@" in contact or "." in contact
        if contact and not (is_address and contact.isascii() and contact.isprintable()):
            raise ValueError("must be an e-mail address or a web page, in ASCII")
        if "example." in contact:
            raise ValueError("must be an address of yours, not the example")
        return contact

    @field_validator("sandbox_url")
    @classmethod
    def _loopback(cls, url: str) -> str:
        if url and not re.fullmatch(r"http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?/?", url):
            raise ValueError("must be like http://127.0.0.1:8765, on this machine")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.sizing is Sizing.JOINT and self.model is not ForecastModel.POSTERIOR:
            raise ValueError(
                f"SIZING joint needs MODEL posterior, not {self.model}: no forecast of ours"
                " alone is enough for it"
            )
        if self.sizing is Sizing.JOINT and self.entry is Entry.MAKER:
            raise ValueError("SIZING joint needs ENTRY taker: a whole ladder is not posted")
        if "longshot" in self.strategies and self.trading_mode is not TradingMode.PAPER:
            raise ValueError(
                f"STRATEGIES longshot is for TRADING_MODE paper, not {self.trading_mode}"
            )
        if self.min_ask >= self.max_ask:
            raise ValueError(f"MIN_ASK {self.min_ask} must be below MAX_ASK {self.max_ask}")
        if self.min_edge_threshold >= self.max_edge_threshold:
            raise ValueError(
                f"MIN_EDGE_THRESHOLD {self.min_edge_threshold} must be below"
                f" MAX_EDGE_THRESHOLD {self.max_edge_threshold}"
            )
        if self.entry is Entry.MAKER and "single" not in self.strategies:
            named = ",".join(self.strategies)
            raise ValueError(f"ENTRY maker posts single bins, and STRATEGIES is {named}")
        return self

    @property
    def stations(self) -> tuple[Station, ...]:
        """The stations of the cities in use."""
        return tuple(station_of(city) for city in self.cities)

    @property
    def user_agent(self) -> str:
        """Who asks the weather offices: the program, and whom they can write to where it is known.

        >>> Settings(contact="ann@weather.test").user_agent.partition(" ")[2]
        '(ann@weather.test)'
        """
        program = f"kalshi-edge/{__version__}"
        return f"{program} ({self.contact})" if self.contact else program

    @property
    def breakers(self) -> "CircuitBreakers":
        """What holds trading back by itself."""
        from kalshi_edge.trading.circuit_breakers import CircuitBreakers  # noqa: PLC0415

        return CircuitBreakers(
            max_reconcile_age=timedelta(minutes=self.max_reconcile_age_min),
            max_data_age=timedelta(minutes=self.max_data_age_min),
            max_errors=self.max_order_errors,
            halt_on_rule_change=self.halt_on_rule_change,
            halt_on_fee_difference=self.halt_on_fee_difference,
        )

    @property
    def dynamo_config(self) -> DynamoConfig:
        """Where the DynamoDB tables are; without a key it is left to the machine's role."""
        secret = self.aws_secret_access_key
        return DynamoConfig(
            region=self.aws_region,
            endpoint=self.dynamodb_endpoint,
            prefix=self.dynamodb_table_prefix,
            key_id=self.aws_access_key_id,
            secret=None if secret is None else secret.get_secret_value(),
        )

    @property
    def dynamo_keep(self) -> Keep:
        """How long records stay in the tables."""
        return Keep(timedelta(days=self.keep_journal_days), timedelta(days=self.keep_audit_days))

    @property
    def playbook(self) -> "Playbook":
        """The gates, limits and strategies that the core trades by."""
        from kalshi_edge.domain.orders import Strategy  # noqa: PLC0415
        from kalshi_edge.trading.edge import Gates  # noqa: PLC0415
        from kalshi_edge.trading.playbook import (  # noqa: PLC0415
            Limits,
            LongshotRule,
            Playbook,
            usual_sizing,
        )
        from kalshi_edge.trading.quoting.rules import QuoteRules  # noqa: PLC0415

        return Playbook(
            gates=Gates(
                min_edge=self.min_edge_threshold,
                max_edge=self.max_edge_threshold,
                min_ask=self.min_ask,
                max_ask=self.max_ask,
                max_spread=self.max_spread,
                fee_rate=self.kalshi_fee_rate,
                fee_gate=self.fee_gate,
                min_bracket_edge=self.min_bracket_edge,
            ),
            limits=Limits(
                burst_contracts=self.max_contracts_15s,
                order_dollars=self.max_order_dollars,
                kelly_fraction=self.kelly_fraction,
                city_day_share=self.max_city_day_share,
                max_positions=self.max_open_positions,
                max_city_positions=self.max_city_positions,
                day_loss_share=self.max_day_loss_share,
                contract_step=self.contract_step,
                close_margin=timedelta(minutes=self.close_margin_min),
                max_book_age=timedelta(minutes=self.max_book_age_min),
                max_forecast_age=timedelta(hours=self.max_forecast_age_h),
                max_reference_gap_f=self.max_reference_gap_f,
                reference_required=self.reference_required,
                last_entry=timedelta(hours=self.last_entry_h),
                mark_loss_share=self.max_mark_loss_share,
            ),
            strategies=frozenset(Strategy(name) for name in self.strategies),
            model=self.model,
            sizing=self.sizing or usual_sizing(self.model, self.entry),
            longshot=LongshotRule(share=self.longshot_share),
            quoting=QuoteRules(self.quote_margin) if self.entry is Entry.MAKER else None,
        )


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process; ``overrides`` win over the environment.

    Raises ``SettingError``: one sentence with the setting's name, its value and its limit.
    """
    try:
        return Settings(**{**_environment(), **overrides})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]).upper()
        why = first["msg"].removeprefix("Value error, ")
        # The value of a secret is never shown; nor is what pydantic knows of it.
        secret = any(word in name for word in ("KEY", "SECRET", "PASSWORD"))
        value = "wrong" if secret else repr(first["input"])
        raise SettingError(f"{name} is {value}: {why}" if name else why) from None


def _environment() -> dict[str, str]:
    """What the environment and ``.env`` say, the environment first; empty is as good as absent."""
    try:
        file = dotenv_values(".env", encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f".env cannot be read: {error}") from None
    said = {
        name.lower(): value
        for source in (file, os.environ)
        for name, value in source.items()
        if value
    }
    return {name: value for name, value in said.items() if name in Settings.model_fields}
