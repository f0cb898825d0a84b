"""The exchange's published specifications as JSON schemas, made strict: no unknown field passes."""

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker

FORMATS = FormatChecker(("uuid",))


@FORMATS.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def strict(node: Any) -> Any:
    """A schema as JSON Schema 2020-12 reads it: ``nullable`` spelt out, objects closed."""
    if isinstance(node, list):
        return [strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    rest = {key: strict(value) for key, value in node.items() if key != "nullable"}
    if "properties" in rest and "allOf" not in rest:
        rest.setdefault("additionalProperties", False)
    if node.get("nullable") is True:
        return {"anyOf": [rest, {"type": "null"}]}
    return rest


@cache
def spec(path: Path) -> dict[str, Any]:
    """A specification, its component schemas made strict."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - safe ones
    loaded["components"]["schemas"] = strict(loaded["components"]["schemas"])
    return loaded


def complaints(path: Path, schema: dict[str, Any], value: Any) -> list[str]:
    """What is wrong with ``value`` by a schema of the specification at ``path``."""
    whole = {**strict(schema), "components": spec(path)["components"]}
    validator = Draft202012Validator(whole, format_checker=FORMATS)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


class RestSpec:
    """The REST specification: which operation a path is, and what it may answer."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "openapi.yaml"
        self._paths = spec(self.path)["paths"]

    def template(self, method: str, path: str) -> str:
        """The path of the specification that ``path`` is an instance of; fixed ones first."""
        for template in sorted(self._paths, key=lambda each: each.count("{")):
            pattern = re.sub(r"\{\w+\}", "[^/]+", template)
            if re.fullmatch(pattern, path) and method.lower() in self._paths[template]:
                return template
        raise AssertionError(f"{method} {path} is not in the specification")

    def complaints(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer."""
        operation = self._paths[self.template(method, path)][method.lower()]
        response = operation["responses"].get(str(status))
        if response is None:
            return [f"status {status} is not foreseen"]
        if "$ref" in response:
            name = response["$ref"].rsplit("/", 1)[-1]
            response = spec(self.path)["components"]["responses"][name]
        content = response.get("content")
        if content is None:
            return []
        return complaints(self.path, content["application/json"]["schema"], body)


class StreamSpec:
    """The stream's specification: what each type of frame looks like."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "asyncapi.yaml"
        self.names = {
            "subscribed": "subscribedResponsePayload",
            "unsubscribed": "unsubscribedResponsePayload",
            "ok": "okResponsePayload",
            "error": "errorResponsePayload",
            "orderbook_snapshot": "orderbookSnapshotPayload",
            "orderbook_delta": "orderbookDeltaPayload",
            "ticker": "tickerPayload",
            "trade": "tradePayload",
            "fill": "fillPayload",
            "user_order": "userOrderPayload",
            "market_position": "marketPositionPayload",
            "market_lifecycle_v2": "marketLifecycleV2Payload",
            "event_lifecycle": "eventLifecyclePayload",
            "event_fee_update": "eventFeeUpdatePayload",
            "order_group_updates": "orderGroupUpdatesPayload",
        }

    def complaints(self, frame: dict[str, Any]) -> list[str]:
        """What is wrong with a frame."""
        name = self.names[frame["type"]]
        if frame["type"] == "ok" and isinstance(frame.get("msg"), list):
            name = "listSubscriptionsResponsePayload"
        return complaints(self.path, {"$ref": f"#/components/schemas/{name}"}, frame)
