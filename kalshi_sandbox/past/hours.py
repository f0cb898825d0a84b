"""At which instants the past has a ladder's quotes: the same UTC hours in every city.

So one cycle looks at all cities, as a trader's does. Each lead class has one: AHEAD, EVE, NIGHT,
MORNING (twice) and LATE, in all time zones of the table.
"""

from datetime import UTC, date, datetime, time, timedelta

QUOTED_AT = ((-1, 16), (-1, 22), (0, 5), (0, 13), (0, 16), (0, 22))
"""Days from the climate day, and the UTC hour: after the opening, in the evening before, at
midnight in the east, twice in the morning and in the afternoon. None is in the weekly pause."""


def quoted_at(day: date) -> tuple[datetime, ...]:
    """The instants of one ladder's quotes, the first first.

    >>> [f"{at:%d %HZ}" for at in quoted_at(date(2027, 4, 12))]
    ['11 16Z', '11 22Z', '12 05Z', '12 13Z', '12 16Z', '12 22Z']
    """
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    return tuple(midnight + timedelta(days=days, hours=hour) for days, hour in QUOTED_AT)
