"""All models at work: what each says of a ladder now, and what results teach them.

Per city and lead class an EMOS record and a pool record. A day's result teaches EMOS about the last
forecast of the class, which rested on the most, and the pool about the first coherent ladder: later
ones use the same weights and teach nothing more.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from types import MappingProxyType
from typing import TypeAlias, TypeVar, cast

from kalshi_edge.domain.beliefs import (
    EmosForecast,
    EmosLesson,
    EmosRecord,
    EmosState,
    IssuedPosterior,
    L,
    Lead,
    LearnedRecord,
    PoolRecord,
    PoolState,
    S,
)
from kalshi_edge.domain.market import Bin
from kalshi_edge.domain.verdicts import CityView
from kalshi_edge.domain.weather import Forecast
from kalshi_edge.models.emos import (
    EmosLayout,
    KnownSpreads,
    Yesterday,
    fresh_emos,
    layout_named,
    layout_of,
    predicted,
    predictors,
    spreads_of,
    taught,
)
from kalshi_edge.models.pool import Posterior, free_vector, fresh_pool, pooled, posterior
from kalshi_edge.models.relearning import LESSONS_KEPT, known_state, revised

EmosKey: TypeAlias = tuple[str, Lead, str]
"""City, lead class, layout."""
PoolKey: TypeAlias = tuple[str, Lead]
LearnedRecords: TypeAlias = tuple[EmosRecord | PoolRecord, ...]
SaidUntil: TypeAlias = list[dict[Lead, EmosForecast]]
"""What was said of a day and of those before it, the newest first."""
K = TypeVar("K")

NOTHING: Mapping[str, Forecast] = MappingProxyType({})

KEEP_DAYS = timedelta(days=10)
"""How long what was said of a day waits for its result."""


@dataclass(frozen=True, slots=True)
class ForecastingSnapshot:
    """What the models have learned, and what they said of days whose results are out."""

    emos: tuple[EmosRecord, ...]
    pools: tuple[PoolRecord, ...]
    said_days: tuple[tuple[str, Lead, EmosForecast], ...]
    """By city and lead class."""
    said_ladders: tuple[tuple[str, date, Lead, IssuedPosterior], ...]


@dataclass
class Forecasting:
    """The records, what was said of days whose results are out, and the states that follow."""

    emos: dict[EmosKey, EmosRecord] = field(default_factory=dict)
    pools: dict[PoolKey, PoolRecord] = field(default_factory=dict)
    said_days: dict[tuple[str, date], dict[Lead, EmosForecast]] = field(default_factory=dict)
    said_ladders: dict[tuple[str, date], dict[Lead, IssuedPosterior]] = field(default_factory=dict)
    _emos_states: dict[EmosKey, EmosState] = field(default_factory=dict, repr=False, compare=False)
    _pool_states: dict[PoolKey, PoolState] = field(default_factory=dict, repr=False, compare=False)

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
        before = self._said_until(city, climate_day)
        layout = self._layout(city, before, forecasts)
        if layout is None:
            return None
        yesterday = self._yesterday(city, climate_day, lead, high_before_f)
        known = self._known_spreads(city, before, lead, layout)
        given = predictors(layout, forecasts, climate_day, known, yesterday)
        if given is None:
            return None
        own = predicted(self.emos_state(city, lead, layout), given)
        said = EmosForecast(given, layout.name, own.mu_f, own.sigma_f)
        self.keep_forecast(city, lead, said)
        return said

    def keep_forecast(self, city: str, lead: Lead, said: EmosForecast) -> None:
        """Remember what EMOS said: that is what the day's result will teach about."""
        self.said_days.setdefault((city, said.given.climate_day), {})[lead] = said

    def said_of(self, city: str, climate_day: date, lead: Lead) -> EmosForecast | None:
        """What EMOS last said of a day in a class."""
        return self.said_days.get((city, climate_day), {}).get(lead)

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
        first = self.issued_for(city, climate_day, lead)
        vector = self._free_vector(city, lead) if first is None else first.vector
        said = posterior(self.pool_state(city, lead), tuple(mid), tuple(own), vector)
        if first is None:
            issued = IssuedPosterior(bins, said.mid, said.own, said.issued, vector)
            self.keep_posterior(city, climate_day, lead, issued)
        return said

    def keep_posterior(
        self, city: str, climate_day: date, lead: Lead, issued: IssuedPosterior
    ) -> None:
        """Remember a class's first coherent ladder; of two the first."""
        self.said_ladders.setdefault((city, climate_day), {}).setdefault(lead, issued)

    def issued_for(self, city: str, climate_day: date, lead: Lead) -> IssuedPosterior | None:
        """The first coherent ladder of a day in a class."""
        return self.said_ladders.get((city, climate_day), {}).get(lead)

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

    def result(
        self,
        city: str,
        climate_day: date,
        high_f: int | None,
        begun_with: Mapping[str, Forecast] = NOTHING,
    ) -> LearnedRecords:
        """The records that a day's maximum makes others; ``None`` unlearns what it had taught.

        Where nobody decided in the night that a day began in, it teaches all the same: about the
        forecasts that were known then, ``begun_with``.
        """
        changed: list[EmosRecord | PoolRecord] = []
        lessons = self._lessons(city, climate_day, begun_with)
        for lead, layout in sorted(lessons, key=lambda key: (key[0], key[1].name)):
            emos_key = city, lead, layout.name
            before = self.emos.get(emos_key) or fresh_emos(city, lead, layout)
            lesson = None if high_f is None else replace(lessons[lead, layout], high_f=high_f)
            after = cast(EmosRecord, revised(before, climate_day, lesson, _teach(layout)))
            if after is not before:
                self.emos[emos_key] = after
                _advance(self._emos_states, emos_key, before, after, _teach(layout))
                changed.append(after)
        for lead, issued in sorted(self.said_ladders.get((city, climate_day), {}).items()):
            pool_key = city, lead
            known = self.pools.get(pool_key) or fresh_pool(city, lead)
            won = None if high_f is None else issued.lesson(climate_day, high_f)
            learned = cast(PoolRecord, revised(known, climate_day, won, pooled))
            if learned is not known:
                self.pools[pool_key] = learned
                _advance(self._pool_states, pool_key, known, learned, pooled)
                changed.append(learned)
        return tuple(changed)

    def learned(self, record: EmosRecord | PoolRecord) -> None:
        """Take in what an earlier life had learned."""
        if isinstance(record, EmosRecord):
            emos_key = record.city, record.lead, record.layout
            self.emos[emos_key] = record
            self._emos_states.pop(emos_key, None)
        else:
            pool_key = record.city, record.lead
            self.pools[pool_key] = record
            self._pool_states.pop(pool_key, None)

    def recall(self, view: CityView) -> None:
        """Take in again what an earlier life's cycle said of a ladder."""
        if view.emos and view.lead:
            self.keep_forecast(view.city, view.lead, view.emos)
        if view.issued and view.lead:
            self.keep_posterior(view.city, view.climate_day, view.lead, view.issued)

    def forget(self, today: date) -> None:
        """Let go of what was said of days whose result will change nothing any more."""
        first = today - KEEP_DAYS
        self.said_days = {k: v for k, v in self.said_days.items() if k[1] >= first}
        self.said_ladders = {k: v for k, v in self.said_ladders.items() if k[1] >= first}

    def snapshot(self) -> ForecastingSnapshot:
        """All of it."""
        return ForecastingSnapshot(
            emos=tuple(self.emos.values()),
            pools=tuple(self.pools.values()),
            said_days=tuple(
                (city, lead, said)
                for (city, _), leads in self.said_days.items()
                for lead, said in leads.items()
            ),
            said_ladders=tuple(
                (city, day, lead, issued)
                for (city, day), leads in self.said_ladders.items()
                for lead, issued in leads.items()
            ),
        )

    def restore(self, snapshot: ForecastingSnapshot) -> None:
        """Know what was known at the time of ``snapshot``."""
        records: LearnedRecords = (*snapshot.emos, *snapshot.pools)
        for record in records:
            self.learned(record)
        for city, lead, said in snapshot.said_days:
            self.keep_forecast(city, lead, said)
        for city, day, lead, issued in snapshot.said_ladders:
            self.keep_posterior(city, day, lead, issued)

    def _lessons(
        self, city: str, climate_day: date, begun_with: Mapping[str, Forecast]
    ) -> dict[tuple[Lead, EmosLayout], EmosLesson]:
        """What a day's result teaches about: what was said of it, or was learned of it before."""
        found = {
            (record.lead, layout_named(record.layout)): lesson
            for record in self.emos.values()
            if record.city == city
            for lesson in record.lessons
            if lesson.climate_day == climate_day
        }
        for lead, said in self.said_days.get((city, climate_day), {}).items():
            found[lead, layout_named(said.layout)] = said.given.lesson(0)
        before = self._said_until(city, climate_day)
        layout = self._layout(city, before, begun_with)
        if layout is None or any(lead is Lead.NIGHT for lead, _ in found):
            return found
        known = self._known_spreads(city, before, Lead.NIGHT, layout)
        given = predictors(layout, begun_with, climate_day, known)
        if given is not None:
            found[Lead.NIGHT, layout] = given.lesson(0)
        return found

    def _known_spreads(
        self, city: str, said_until: SaidUntil, lead: Lead, layout: EmosLayout
    ) -> KnownSpreads:
        """The spreads as last known: by what was said, or else by what was learned."""
        for leads in said_until:
            if lead in leads:
                return spreads_of(leads[lead].given.s)
        record = self.emos.get((city, lead, layout.name))
        lessons = () if record is None else record.lessons
        return spreads_of(lessons[-1].s) if lessons else KnownSpreads()

    def _layout(
        self, city: str, said_until: SaidUntil, forecasts: Mapping[str, Forecast]
    ) -> EmosLayout | None:
        """The best layout of which an anchor was seen: it stays where its anchor is missing."""
        names = {one.layout for leads in said_until for one in leads.values()}
        names |= {name for of, _, name in self.emos if of == city}
        anchors = (anchor for name in names for anchor in layout_named(name).anchors)
        return layout_of([*forecasts, *anchors])

    def _said_until(self, city: str, climate_day: date) -> SaidUntil:
        """What was said of a day and of those before it, the newest first."""
        days = (climate_day - timedelta(days=back) for back in range(KEEP_DAYS.days + 1))
        return [said for day in days if (said := self.said_days.get((city, day)))]

    def _yesterday(
        self, city: str, climate_day: date, lead: Lead, high_f: float | None
    ) -> Yesterday | None:
        said = self.said_of(city, climate_day - timedelta(days=1), lead)
        if said is None or high_f is None:
            return None
        return Yesterday(high_f, said.given.anchor_f)

    def _free_vector(self, city: str, lead: Lead) -> int:
        record = self.pools.get((city, lead)) or fresh_pool(city, lead)
        known = {lesson.climate_day for lesson in record.lessons}
        outstanding = {
            issued[lead].vector
            for (of, day), issued in self.said_ladders.items()
            if of == city and lead in issued and day not in known
            if record.base_as_of is None or day > record.base_as_of
        }
        return free_vector(outstanding)


def emos_state(record: LearnedRecord[EmosState, EmosLesson]) -> EmosState:
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
