"""Days and months as weather offices write them, whatever the machine's language."""

from datetime import date

_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_MONTHS = (
    "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE",
    "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER",
)  # fmt: skip


def day_name(day: date) -> str:
    """``TUESDAY``; its first three letters are its short form."""
    return _DAYS[day.weekday()]


def month_name(day: date) -> str:
    """``SEPTEMBER``; its first three letters are its short form."""
    return _MONTHS[day.month - 1]
