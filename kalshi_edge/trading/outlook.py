"""One ladder as a cycle sees it, made of the newest facts: what we believe, quotes, what holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kalshi_edge.domain.beliefs import Vector
from kalshi_edge.domain.market import Book, FeeRule, FeeType, Ladder
from kalshi_edge.domain.verdicts import Check, CityView, Leg
from kalshi_edge.models.distribution import Distribution, ladder_probabilities
from kalshi_edge.models.sameday import same_day
from kalshi_edge.models.temperature import daily_high
from kalshi_edge.trading.edge import Gates, leg, market_mid
from kalshi_edge.trading.entry_checks import ladder_checks
from kalshi_edge.trading.ladder_models import OWN, POSTERIOR, LadderModels, ladder_models
from kalshi_edge.trading.playbook import Playbook
from kalshi_edge.trading.risk import Limits
from kalshi_edge.trading.state import WorldState
from kalshi_edge.units import span

UNTRADED_FEES = {FeeType.FLAT, FeeType.UNKNOWN}
"""What cannot be computed cannot be traded."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """One ladder as a cycle sees it: what we believe, what is quoted, what holds throughout."""

    at: datetime
    ladder: Ladder
    books: Mapping[str, Book]
    distribution: Distribution
    """Of our own forecast that the traded model rests on."""
    checks: tuple[Check, ...] = ()
    models: LadderModels | None = None
    """What every model says; ``None`` where only the seed is asked."""
    pooled: Vector | None = None
    """Probabilities that are not those of ``distribution``, but market and forecast together."""

    @property
    def fee_rule(self) -> FeeRule:
        """What is charged now; a waiver is a gift that nobody counts on."""
        return self.ladder.fee_rule_at(self.at)

    @property
    def fair(self) -> Vector:
        """Each bin's probability by the model that is traded, lowest first."""
        if self.pooled is not None:
            return self.pooled
        bins = [market.bin for market in self.ladder.markets]
        return ladder_probabilities(self.distribution, bins)

    def legs(self, gates: Gates) -> tuple[Leg, ...]:
        """Every bin's figures, lowest first."""
        markets = self.ladder.markets
        return tuple(
            leg(market, p, self.books.get(market.ticker), self.fee_rule, gates)
            for market, p in zip(markets, self.fair, strict=True)
        )

    def age_checks(self, legs: Iterable[Leg], limits: Limits) -> tuple[Check, ...]:
        """Whether each leg's book is fresh enough to act on."""
        ages = [
            (leg, abs(self.at - book.valid_at))
            for leg in legs
            if (book := self.books.get(leg.ticker)) is not None
        ]
        return tuple(
            Check(
                "book_age",
                age <= limits.max_book_age,
                f"{leg.bin}: {span(age)}",
                f"≤ {span(limits.max_book_age)}",
            )
            for leg, age in ages
        )


def ladder_outlook(
    state: WorldState,
    ladder: Ladder,
    at: datetime,
    playbook: Playbook,
    books: Mapping[str, Book] | None = None,
) -> Outlook | str:
    """One open ladder as a cycle at ``at`` sees it, or why it is left out.

    ``books`` are the newest, unless others are given.
    """
    books = state.books if books is None else books
    if ladder.fee_rule.fee_type in UNTRADED_FEES:
        return f"fee type {ladder.fee_rule.fee_type}"
    station, day, limits = ladder.station, ladder.climate_day, playbook.limits
    forecast = state.best_forecast(station, day)
    if forecast is None:
        return f"no forecast of {', '.join(state.models)}"
    daytime = daily_high(forecast, state.calibration(station, forecast))
    distribution = same_day(daytime, state.evidence(station, day), station, day, at)
    models, pooled = None, None
    if playbook.model is not None:
        models = ladder_models(
            state, ladder, distribution, at, one_instant=playbook.one_instant, books=books
        )
        # Where the traded model says nothing, the seed's word is shown and nothing is bought.
        distribution = models.own.get(OWN[playbook.model], distribution)
        pooled = models.fair.get(playbook.model) if playbook.model is POSTERIOR else None
    return Outlook(
        at=at,
        ladder=ladder,
        books=books,
        distribution=distribution,
        checks=(
            *(models.checks(playbook.model) if models and playbook.model else ()),
            *ladder_checks(
                ladder,
                forecast,
                mu_f=distribution.mu_f,
                reference=state.reference(station, day),
                terms=state.terms.get(ladder.series),
                at=at,
                limits=limits,
            ),
        ),
        models=models,
        pooled=pooled,
    )


def city_view(state: WorldState, outlook: Outlook, gates: Gates) -> CityView:
    """What a cycle's summary says of one ladder."""
    station, climate_day = outlook.ladder.station, outlook.ladder.climate_day
    forecast = state.best_forecast(station, climate_day)
    assert forecast is not None  # an outlook rests on one
    calibration = state.calibration(station, forecast)
    reference = state.reference(station, climate_day)
    legs = outlook.legs(gates)
    return CityView(
        city=station.city,
        climate_day=climate_day,
        event_ticker=outlook.ladder.event_ticker,
        model=forecast.model,
        run_at=forecast.run_at,
        point_f=forecast.point_f,
        mu_f=outlook.distribution.mu_f,
        sigma_f=outlook.distribution.sigma_f,
        bias_f=calibration.bias_f,
        sigma_scale=calibration.sigma_scale,
        reference_f=None if reference is None else reference.point_f,
        bins=tuple(leg.bin for leg in legs),
        fair=tuple(leg.fair for leg in legs),
        market=tuple(market_mid(leg) for leg in legs),
        observed_floor_f=state.evidence(station, climate_day).floor_f(),
        **(_models_view(outlook.models) if outlook.models else {}),
    )


def _models_view(models: LadderModels) -> dict[str, Any]:
    posterior = models.posterior
    return {
        "lead": models.lead,
        "models": models.views,
        "mid": () if posterior is None else posterior.mid,
        "incoherence": models.incoherence,
        "earned_weight": None if posterior is None else posterior.earned_weight,
        "market_sharpening": None if posterior is None else posterior.market_sharpening,
        "emos": models.emos,
        "issued": models.issued,
    }
