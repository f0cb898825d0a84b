"""What the code assumes of the weather offices beyond what its parsers read; pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from kalshi_edge.data.source_status import FINE, PollOutcome, SourceStatus
from kalshi_edge.operations.contact.capture import Exchanged
from kalshi_edge.operations.contact.deviations import Deviation, Found, expect

NBM_VERSION = "5.0"
"""Since 2026-05-05; another one begins its own calibration."""
PUBLISHED_WITHIN = timedelta(minutes=30), timedelta(hours=3)
"""After its run a bulletin is in the bucket: half of them within 65 minutes."""
_RUN = re.compile(r"blend\.(\d{8})/(\d\d)/text/blend_nb[a-z]tx\.t\d\dz")
_TITLE = re.compile(rb"NBM +V(\d+\.\d+) +NB[PS] +GUIDANCE")
_WHOLE = re.compile(r"bytes \d+-\d+/\d+")


def source_deviations(status: SourceStatus, events: int) -> Found:
    """Whether a source, asked as a trader asks it, gave what can be used."""
    breaks = f"{status.name}: what it tells is missing until it can be read."
    if status.outcome is PollOutcome.NOT_ASKED:
        yield Deviation("no answer in time", breaks)
    elif status.outcome not in FINE:
        late = status.outcome is PollOutcome.LATE
        yield Deviation(f"{status.outcome}: {status.error}", breaks, is_harmless=late)
    else:
        yield from expect(events, "nothing in the answer", breaks)


def bulletin_deviations(answers: Iterable[Exchanged]) -> Found:
    """Of the bulletins' files: parts of one file, named by an ETag, soon after the run."""
    for one in answers:
        run = _RUN.search(one.url)
        if run is None or one.status == 404:
            continue
        yield from expect(
            not one.range or one.status == 206,
            f"HTTP {one.status} to a Range request",
            "Traffic: whole bulletins of 35 MB, or none.",
        )
        for name in ("etag", "last-modified"):
            yield from expect(
                name in one.headers,
                f"no {name} header",
                "Parts of two files could be put together; it is read whole.",
            )
        if one.status == 206:
            yield from expect(
                _WHOLE.fullmatch(one.headers.get("content-range", "")),
                f"Content-Range {one.headers.get('content-range')!r}",
                "Where a station's block stands.",
            )
        yield from _delay(one.headers, f"{run[1]}{run[2]}")
        for version in set(_TITLE.findall(one.body)):
            yield from expect(
                version.decode() == NBM_VERSION,
                f"NBM version {version.decode()}, not {NBM_VERSION}",
                "Calibration: a new version begins with no record of its own.",
                harmless=True,
            )


def _delay(headers: Mapping[str, str], run: str) -> Found:
    try:
        modified_at = parsedate_to_datetime(headers["last-modified"])
    except (KeyError, ValueError):
        return
    run_at = datetime.strptime(run, "%Y%m%d%H").replace(tzinfo=UTC)
    soonest, latest = PUBLISHED_WITHIN
    delay = modified_at - run_at
    yield from expect(
        soonest <= delay <= latest,
        f"the run of {run_at:%d %H}Z was there after {delay.total_seconds() / 60:.0f} min",
        "When a run is expected, and how old forecasts are when they are traded.",
        harmless=True,
    )


def office_deviations(answers: Iterable[Exchanged]) -> Found:
    """Of the weather service's API: JSON by its own media types, with something to ask again by."""
    for one in answers:
        if one.status != 200:
            continue
        kind = one.headers.get("content-type", "").partition(";")[0]
        yield from expect(
            "json" in kind, f"{kind or 'no type'} from the weather service", "Its answers as JSON."
        )
        has_name = {"etag", "last-modified", "cache-control", "expires"} & one.headers.keys()
        yield from expect(
            has_name,
            "neither ETag nor lifetime",
            "Politeness: everything is fetched anew each time.",
            harmless=True,
        )


def refused_deviations(answers: Iterable[Exchanged]) -> Found:
    """Whether an office did not want to answer us at all."""
    for one in answers:
        yield from expect(
            one.status not in {401, 403, 429},
            f"HTTP {one.status} for {one.url.partition('?')[0]}",
            "The office refuses us: set CONTACT, ask less often, or look at its terms.",
        )
