"""The one shape of an error: problem details (RFC 9457), with the request's id in each."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from kalshi_edge.api.schemas.status import FieldProblem, Problem

MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: "Bad request",
    401: "No valid key",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Body too large",
    414: "Address too long",
    415: "Not JSON",
    422: "Not understood",
    429: "Too many requests",
    500: "Our fault",
    503: "Not now",
}


class Refusal(HTTPException):
    """A request that is not answered as it was meant, in one sentence."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(status, detail, headers)


def problem_response(
    status: int,
    detail: str,
    *,
    path: str,
    request_id: str,
    errors: list[FieldProblem] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem as an answer."""
    body = Problem(
        type="about:blank",
        title=TITLES.get(status, "Problem"),
        status=status,
        detail=detail,
        instance=path,
        request_id=request_id,
        errors=tuple(errors or ()),
    )
    return Response(body.model_dump_json(), status, headers, media_type=MEDIA_TYPE)


def add_problem_answers(app: FastAPI) -> None:
    """Let every error of ``app`` be answered in the one shape."""

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        return _answer(request, error.status_code, str(error.detail), headers=headers)

    @app.exception_handler(RequestValidationError)
    async def not_understood(request: Request, error: RequestValidationError) -> Response:
        errors = [
            FieldProblem(where=".".join(str(part) for part in one["loc"]), message=one["msg"])
            for one in error.errors()
        ]
        status = 400 if any(one["type"] == "json_invalid" for one in error.errors()) else 422
        return _answer(request, status, "see errors", errors=errors)

    @app.exception_handler(Exception)
    async def failed(request: Request, _error: Exception) -> Response:
        # It goes on to the doorway, which logs it whole; nothing of it is shown.
        return _answer(request, 500, f"an error of ours, logged as {request.scope['request_id']}")


def _answer(request: Request, status: int, detail: str, **more: Any) -> Response:
    request_id = str(request.scope.get("request_id", ""))
    return problem_response(status, detail, path=request.url.path, request_id=request_id, **more)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may also answer, for the OpenAPI document."""
    return {
        status: {
            "description": TITLES[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }
