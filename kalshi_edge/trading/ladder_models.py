"""What every model says of one ladder at a cycle, from the newest facts.

What is said is kept with what was learned: the day's result will teach about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType

from kalshi_edge.choices import ForecastModel
from kalshi_edge.domain.beliefs import EmosForecast, IssuedPosterior, Lead, Vector
from kalshi_edge.domain.market import Book, Ladder
from kalshi_edge.domain.verdicts import Check, ModelView
from kalshi_edge.domain.weather import Station
from kalshi_edge.errors import InputError
from kalshi_edge.models.distribution import Distribution, Normal, ladder_probabilities
from kalshi_edge.models.lead import lead_of
from kalshi_edge.models.observed import Evidence
from kalshi_edge.models.pool import Posterior
from kalshi_edge.models.quoted import ladder_quotes
from kalshi_edge.models.sameday import same_day
from kalshi_edge.trading.state import WorldState

SEED, EMOS, POSTERIOR = ForecastModel

OWN: Mapping[ForecastModel, ForecastModel] = MappingProxyType(
    {SEED: SEED, EMOS: EMOS, POSTERIOR: EMOS}
)
"""By model, whose distribution of the maximum it rests on."""


@dataclass(frozen=True, slots=True)
class LadderModels:
    """Probabilities by model, and what the posterior is made of."""

    lead: Lead
    fair: Mapping[ForecastModel, Vector]
    """Lowest bin first; models that say nothing are missing."""
    own: Mapping[ForecastModel, Distribution]
    """Of the models that make one of their own."""
    posterior: Posterior | None = None
    incoherence: str = ""
    """Why the quotes are no evidence, and no posterior is made of them."""
    emos: EmosForecast | None = None
    """Where EMOS says something other than before."""
    issued: IssuedPosterior | None = None
    """Where this is the first coherent ladder of its class."""

    def checks(self, model: ForecastModel) -> tuple[Check, ...]:
        """Whether ``model`` says anything: the posterior only of a ladder that is coherent."""
        if model is SEED:
            return ()
        why = "" if model in self.fair else self.incoherence
        return (Check("coherent", not why, why or "coherent", "a coherent ladder"),)

    @property
    def views(self) -> tuple[ModelView, ...]:
        """As a cycle's summary has them."""
        found: list[ModelView] = []
        for model, fair in self.fair.items():
            own = self.own.get(model)
            mu_f, sigma_f = (None, None) if own is None else (own.mu_f, own.sigma_f)
            found.append(ModelView(model, fair, mu_f, sigma_f))
        return tuple(found)


def ladder_models(
    state: WorldState,
    ladder: Ladder,
    seed: Distribution,
    seen: Evidence,
    *,
    at: datetime,
    one_instant: timedelta,
    books: Mapping[str, Book],
) -> LadderModels:
    """What every model says of ``ladder`` at ``at``, where ``seen`` was read of its day.

    ``seed`` is the seed's distribution.
    """
    station, day = ladder.station, ladder.climate_day
    lead = lead_of(station, day, at)
    bins = tuple(market.bin for market in ladder.markets)
    own, fair = {SEED: seed}, {SEED: ladder_probabilities(seed, bins)}
    before = state.forecasting.said_of(station.city, day, lead)
    said = state.forecasting.emos_forecast(
        station.city,
        day,
        lead,
        state.forecasts_of(station, day),
        high_before_f=high_before_f(state, station, day, at),
    )
    if said is None:
        return LadderModels(lead, fair, own, incoherence="no forecast of ours")
    daytime = Normal(said.mu_f, said.sigma_f)
    own[EMOS] = same_day(daytime, seen, station, day, at)
    fair[EMOS] = ladder_probabilities(own[EMOS], bins)
    news = None if said == before else said
    try:
        quotes = ladder_quotes(ladder, books, within=one_instant)
    except InputError as error:
        return LadderModels(lead, fair, own, incoherence=str(error), emos=news)
    known = state.forecasting.issued_for(station.city, day, lead)
    posterior = state.forecasting.posterior(
        station.city, day, lead, bins=bins, mid=quotes.mid, own=fair[EMOS]
    )
    fair[POSTERIOR] = posterior.probabilities
    issued = None
    if known is None:
        issued = state.forecasting.issued_for(station.city, day, lead)
    return LadderModels(lead, fair, own, posterior, emos=news, issued=issued)


def high_before_f(
    state: WorldState, station: Station, climate_day: date, at: datetime
) -> float | None:
    """The maximum of the day before, where it is known: by its report, or once it is over by what
    was read of it, °F.
    """
    day = climate_day - timedelta(days=1)
    reported = state.believed_f(station, day)
    if reported is not None:
        return float(reported)
    read = state.evidence(station, day).floor_f() if at >= station.day_end(day) else None
    return None if read is None else float(read)
