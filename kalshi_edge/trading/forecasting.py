"""All models at work: what each says of a ladder now, and what results teach them.

Per city and lead class an EMOS record and a pool record. A day's result teaches EMOS about the last
forecast of the class, which rested on the most, and the pool about the first coherent ladder: later
ones use the same weights and teach nothing more.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import TypeAlias, TypeVar

from kalshi_edge.domain.beliefs import (
    EmosLesson,
    EmosRecord,
    EmosState,
    L,
    Lead,
    LearnedRecord,
    PoolLesson,
    PoolRecord,
    PoolState,
    S,
)
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.models.distribution import Normal
from kalshi_edge.models.emos import (
    EmosLayout,
    KnownSpreads,
    Predictors,
    Yesterday,
    fresh_emos,
    layout_named,
    layout_of,
    predicted,
    predictors,
    taught,
)
from kalshi_edge.models.pool import Posterior, free_vector, fresh_pool, pooled, posterior
from kalshi_edge.models.relearning import LESSONS_KEPT, known_state, revised

EmosKey: TypeAlias = tuple[str, Lead, str]
"""City, lead class, layout."""
PoolKey: TypeAlias = tuple[str, Lead]
Change: TypeAlias = EmosRecord | PoolRecord
K = TypeVar("K")

KEEP_DAYS = timedelta(days=10)
"""How long what was said of a day waits for its result."""


@dataclass(frozen=True, slots=True)
class EmosForecast:
    """What online EMOS says of a climate day before anything was observed of it."""

    given: Predictors
    layout: str
    distribution: Normal


@dataclass(frozen=True, slots=True)
class IssuedPosterior:
    """The first coherent ladder of a class, with its bins: what its result will teach about."""

    bins: tuple[Bin, ...]
    said: Posterior

    def lesson(self, climate_day: date, high_f: int) -> PoolLesson:
        """What it teaches once the maximum is known."""
        won = next(i for i, bin_ in enumerate(self.bins) if bin_.contains(high_f))
        said = self.said
        return PoolLesson(climate_day, said.mid, said.own, said.issued, said.vector, won)


@dataclass
class Forecasting:
    """The records, what was said of days whose results are out, and the states that follow."""

    emos: dict[EmosKey, EmosRecord] = field(default_factory=dict)
    pools: dict[PoolKey, PoolRecord] = field(default_factory=dict)
    spreads: dict[PoolKey, KnownSpreads] = field(default_factory=dict)
    layouts: dict[str, str] = field(default_factory=dict)
    """By city the best layout of which an anchor was seen."""
    said_days: dict[tuple[str, date], dict[Lead, EmosForecast]] = field(default_factory=dict)
    said_ladders: dict[tuple[str, date], dict[Lead, IssuedPosterior]] = field(default_factory=dict)
    _emos_states: dict[EmosKey, EmosState] = field(default_factory=dict, repr=False)
    _pool_states: dict[PoolKey, PoolState] = field(default_factory=dict, repr=False)

    # --- what is said ---------------------------------------------------------------------------

    def emos_forecast(
        self,
        city: str,
        climate_day: date,
        lead: Lead,
        forecasts: Mapping[str, Forecast],
        *,
        high_before_f: float | None = None,
    ) -> EmosForecast | None:
        """What EMOS makes of ``forecasts``, by model; ``None`` where no model says anything.

        ``high_before_f`` is the maximum of the day before, where it is known already.
        """
        layout = self._layout(city, forecasts)
        key = city, lead
        known = self.spreads.get(key, KnownSpreads())
        yesterday = self._yesterday(city, climate_day, lead, high_before_f)
        found = layout and predictors(layout, forecasts, climate_day, known, yesterday)
        if not layout or not found:
            return None
        given, self.spreads[key] = found
        state = self.emos_state(city, lead, layout)
        said = EmosForecast(given, layout.name, predicted(state, given))
        self.said_days.setdefault((city, climate_day), {})[lead] = said
        return said

    def posterior(
        self,
        city: str,
        climate_day: date,
        lead: Lead,
        *,
        bins: tuple[Bin, ...],
        mid: Sequence[float],
        own: Sequence[float],
    ) -> Posterior:
        """Market and own forecast of a coherent ladder together."""
        issued = self.said_ladders.setdefault((city, climate_day), {})
        first = issued.get(lead)
        vector = self._free_vector(city, lead) if first is None else first.said.vector
        said = posterior(self.pool_state(city, lead), tuple(mid), tuple(own), vector)
        issued.setdefault(lead, IssuedPosterior(bins, said))
        return said

    def emos_state(self, city: str, lead: Lead, layout: EmosLayout) -> EmosState:
        """What was learned of a city in a lead class."""
        key = city, lead, layout.name
        if key not in self._emos_states:
            record = self.emos.get(key)
            self._emos_states[key] = layout.fresh if record is None else emos_state(record)
        return self._emos_states[key]

    def pool_state(self, city: str, lead: Lead) -> PoolState:
        """What was learned of a city's ladders in a lead class."""
        key = city, lead
        if key not in self._pool_states:
            record = self.pools.get(key) or fresh_pool(city, lead)
            self._pool_states[key] = known_state(record, pooled)
        return self._pool_states[key]

    # --- what results teach ---------------------------------------------------------------------

    def result(self, city: str, climate_day: date, high_f: int | None) -> tuple[Change, ...]:
        """The records that a day's maximum makes others; ``None`` unlearns what it had taught."""
        changed: list[Change] = []
        for lead, said in self.said_days.get((city, climate_day), {}).items():
            emos_key = city, lead, said.layout
            layout = layout_named(said.layout)
            before = self.emos.get(emos_key) or fresh_emos(city, lead, layout)
            lesson = None if high_f is None else said.given.lesson(high_f)
            after = revised(before, climate_day, lesson, _teach(layout))
            if after is not before:
                self.emos[emos_key] = after
                _advance(self._emos_states, emos_key, before, after, _teach(layout))
                changed.append(after)
        for lead, issued in self.said_ladders.get((city, climate_day), {}).items():
            pool_key = city, lead
            known = self.pools.get(pool_key) or fresh_pool(city, lead)
            won = None if high_f is None else issued.lesson(climate_day, high_f)
            learned = revised(known, climate_day, won, pooled)
            if learned is not known:
                self.pools[pool_key] = learned
                _advance(self._pool_states, pool_key, known, learned, pooled)
                changed.append(learned)
        return tuple(changed)

    def forget(self, today: date) -> None:
        """Let go of what was said of days whose result will change nothing any more."""
        first = today - KEEP_DAYS
        self.said_days = {k: v for k, v in self.said_days.items() if k[1] >= first}
        self.said_ladders = {k: v for k, v in self.said_ladders.items() if k[1] >= first}

    def _layout(self, city: str, forecasts: Mapping[str, Forecast]) -> EmosLayout | None:
        """The best layout of which an anchor was seen: it stays where its anchor is missing."""
        before = self.layouts.get(city)
        anchors = () if before is None else layout_named(before).anchors
        best = layout_of([*forecasts, *anchors])
        if best is not None:
            self.layouts[city] = best.name
        return best

    def _yesterday(
        self, city: str, climate_day: date, lead: Lead, high_f: float | None
    ) -> Yesterday | None:
        said = self.said_days.get((city, climate_day - timedelta(days=1)), {}).get(lead)
        if said is None or high_f is None:
            return None
        return Yesterday(high_f, said.given.anchor_f)

    def _free_vector(self, city: str, lead: Lead) -> int:
        record = self.pools.get((city, lead)) or fresh_pool(city, lead)
        known = {lesson.climate_day for lesson in record.lessons}
        outstanding = {
            issued[lead].said.vector
            for (of, day), issued in self.said_ladders.items()
            if of == city and lead in issued and day not in known
            if record.base_as_of is None or day > record.base_as_of
        }
        return free_vector(outstanding)


def emos_state(record: EmosRecord) -> EmosState:
    """What an EMOS record knows."""
    return known_state(record, _teach(layout_named(record.layout)))


def _teach(layout: EmosLayout) -> Callable[[EmosState, EmosLesson], EmosState]:
    return partial(taught, layout)


def _advance(
    states: dict[K, S],
    key: K,
    before: LearnedRecord[S, L],
    after: LearnedRecord[S, L],
    teach: Callable[[S, L], S],
) -> None:
    """Keep a state up with its record: by one step where a newest day was all that came."""
    known = states.pop(key, None)
    newest = after.lessons[-1:]
    is_added = (*before.lessons, *newest)[-LESSONS_KEPT:] == after.lessons
    if known is not None and is_added and newest != before.lessons[-1:]:
        states[key] = teach(known, newest[0])
