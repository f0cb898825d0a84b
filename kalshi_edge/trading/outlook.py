"""One ladder as a cycle sees it, made of the newest facts: what we believe, quotes, what holds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from kalshi_edge.domain.beliefs import Vector
from kalshi_edge.domain.market import Book, FeeRule, FeeType, Ladder
from kalshi_edge.domain.orders import Side
from kalshi_edge.domain.verdicts import Check, CityView, Leg
from kalshi_edge.models.distribution import Distribution, ladder_probabilities
from kalshi_edge.models.observed import Evidence
from kalshi_edge.models.sameday import same_day
from kalshi_edge.models.temperature import daily_high
from kalshi_edge.trading.edge import Gates, leg, market_mid
from kalshi_edge.trading.entry_checks import ladder_checks
from kalshi_edge.trading.ladder_models import OWN, SEED, LadderModels, ladder_models
from kalshi_edge.trading.playbook import Limits, Playbook
from kalshi_edge.trading.state import WorldState
from kalshi_edge.units import span

UNTRADED_FEES = {FeeType.FLAT, FeeType.UNKNOWN}
"""What cannot be computed cannot be traded."""


@dataclass(frozen=True)
class Outlook:
    """One ladder as a cycle sees it: what we believe, what is quoted, what holds throughout.

    What follows from it is computed once: every opportunity of the ladder asks for it.
    """

    at: datetime
    ladder: Ladder
    books: Mapping[str, Book]
    distribution: Distribution
    """Of our own forecast that the traded model rests on."""
    checks: tuple[Check, ...] = ()
    models: LadderModels | None = None
    """What every model says; ``None`` where only the seed is asked."""
    said: Vector | None = None
    """Each bin's probability by the model that is traded; ``None`` where ``distribution`` has to
    be asked."""
    seen: Evidence = field(default_factory=Evidence)
    """What was read of the day so far."""
    gates: Gates = field(default_factory=Gates)

    @cached_property
    def fee_rule(self) -> FeeRule:
        """What is charged now; a waiver is a gift that nobody counts on."""
        return self.ladder.fee_rule_at(self.at)

    @property
    def fair(self) -> Vector:
        """Each bin's probability by the model that is traded, lowest first."""
        if self.said is not None:
            return self.said
        bins = [market.bin for market in self.ladder.markets]
        return ladder_probabilities(self.distribution, bins)

    @cached_property
    def legs(self) -> tuple[Leg, ...]:
        """Every bin's figures, lowest first."""
        return self._legs(Side.BUY)

    @cached_property
    def no_legs(self) -> tuple[Leg, ...]:
        """The figures of every bin's NO, lowest first."""
        return self._legs(Side.SELL)

    def _legs(self, side: Side) -> tuple[Leg, ...]:
        markets, rule = self.ladder.markets, self.fee_rule
        return tuple(
            leg(market, p, self.books.get(market.ticker), rule, self.gates, side=side)
            for market, p in zip(markets, self.fair, strict=True)
        )

    @cached_property
    def has_edge(self) -> bool:
        """Whether any bin's edge is one that a strategy would buy."""
        edges = (leg.net_edge for leg in self.legs)
        return any(edge is not None and edge >= self.gates.min_edge for edge in edges)

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
    seen = state.evidence(station, day)
    distribution = same_day(daytime, seen, station, day, at)
    models, said = None, None
    if playbook.model is not None:
        models = ladder_models(
            state,
            ladder,
            distribution,
            seen,
            at=at,
            one_instant=playbook.one_instant,
            books=books,
        )
        # Where the traded model says nothing, the seed's word is shown and nothing is bought.
        own = OWN[playbook.model]
        distribution = models.own.get(own, distribution)
        said = models.fair.get(playbook.model) or models.fair.get(own, models.fair[SEED])
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
        said=said,
        seen=seen,
        gates=playbook.gates,
    )


def city_view(state: WorldState, outlook: Outlook) -> CityView:
    """What a cycle's summary says of one ladder."""
    station, climate_day = outlook.ladder.station, outlook.ladder.climate_day
    forecast = state.best_forecast(station, climate_day)
    assert forecast is not None  # an outlook rests on one
    calibration = state.calibration(station, forecast)
    reference = state.reference(station, climate_day)
    legs = outlook.legs
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
        observed_floor_f=outlook.seen.floor_f(),
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
