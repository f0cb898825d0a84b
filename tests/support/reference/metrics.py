"""docs/reference/metrics.md: what /metrics of a running trader says of itself."""

import asyncio
import re
from dataclasses import dataclass

from prometheus_client import Metric

from tests.support.api_harness import desk

HEAD = """# Metrics

Every figure that `GET /metrics` offers Prometheus, with its labels. This page is generated from
the answer of a trader (`make reference`). Ages are in the trader's own time, which in a sandbox
is the world's.

| metric | kind | labels | says |
|---|---|---|---|
"""
FOOT = """
What to watch, and from which figure on, is in the [runbook](../runbook.md#what-to-watch).
"""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric as Prometheus is told it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str


async def _families() -> list[Metric]:
    async with desk() as at:
        await at.buys()  # a cycle: what is only there once there was one
        await at.http.get("/api/health")
        return list(at.api.parts.metrics.families())


def metric_rows() -> tuple[MetricRow, ...]:
    """Every metric of a trader that has had a cycle, by name."""
    rows = (_row(family) for family in asyncio.run(_families()))
    return tuple(sorted(rows, key=lambda row: row.name))


def _row(family: Metric) -> MetricRow:
    # A family without a sample yet still knows its labels.
    labels = {label for sample in family.samples for label in sample.labels} - {"le"}
    labels |= set(getattr(family, "_labelnames", ()))
    name = family.name + ("_total" if family.type == "counter" else "")
    return MetricRow(name, family.type, tuple(sorted(labels)), _said(family.documentation))


def _said(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")


def metrics_page() -> str:
    """The page's Markdown."""
    rows = (
        f"| `{row.name}` | {row.kind} | {' '.join(f'`{one}`' for one in row.labels)} | {row.text} |"
        for row in metric_rows()
    )
    return HEAD + "\n".join(rows) + "\n" + FOOT
