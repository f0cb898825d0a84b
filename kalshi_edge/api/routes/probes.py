"""For machines: is it ready, and how is it in figures."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from kalshi_edge.api.deps import Here, Now, documented_key
from kalshi_edge.api.problems import documented
from kalshi_edge.api.schemas.status import Readiness
from kalshi_edge.api.views.readiness import not_ready

router = APIRouter(tags=["probes"], responses=documented(414, 429))


@router.get("/api/ready", responses={503: {"model": Readiness, "description": "Not ready"}})
async def ready(now: Now, response: Response) -> Readiness:
    """Whether the trader can do its work, and why not; asked without a key.

    For people and alarms. A host that restarts what is not well asks ``/api/health``.
    """
    reasons = not_ready(now)
    response.status_code = 503 if reasons else 200
    return Readiness(is_ready=not reasons, reasons=reasons)


@router.get(
    "/metrics",
    dependencies=[documented_key],
    response_class=PlainTextResponse,
    responses=documented(401, 403),
)
async def metrics(here: Here) -> Response:
    """Figures for Prometheus."""
    body, media_type = here.metrics.exposition()
    return Response(body, media_type=media_type)
