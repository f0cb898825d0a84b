"""docs/reference/endpoints.md: every path of the API with what it takes and answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from kalshi_edge.api.server import create_app

Schema = Mapping[str, Any]

HEAD = """# API endpoints

Every path of the API with its parameters, its body and the fields of its answer. This page is
generated from the OpenAPI document (`make reference`; `kalshi-edge api-schema` prints it). How
access, commands and the live connection work is in [api.md](api.md).
"""


def endpoints_page() -> str:
    """The page's Markdown."""
    document = create_app().openapi()
    return "\n".join([HEAD, *_sections(document)])


def _sections(document: Schema) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield from _section(document, f"{method.upper()} {path}", operation)


def _section(document: Schema, name: str, operation: Schema) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{operation.get('description') or operation['summary']}\n"
    rows = [_parameter(document, one) for one in operation.get("parameters", ())]
    body = _content(operation.get("requestBody", {}))
    rows += [
        f"| `{field}` | body | {_kind(document, shape)} | {_text(shape)} |"
        for field, shape in _fields(document, body)
    ]
    if rows:
        yield "\n".join(["| takes | in | type | |", "|---|---|---|---|", *rows]) + "\n"
    answer = _content(operation["responses"].get("200", {}))
    fields = ", ".join(f"`{field}`" for field, _ in _fields(document, answer))
    answered = fields or _kind(document, answer)
    refused = ", ".join(code for code in operation["responses"] if code != "200")
    yield f"Answers {answered}. Otherwise {refused}.\n"


def _parameter(document: Schema, one: Schema) -> str:
    return f"| `{one['name']}` | {one['in']} | {_kind(document, one['schema'])} | {_text(one)} |"


def _content(part: Schema) -> Schema:
    """The schema of a body or an answer, if it has one."""
    for content in part.get("content", {}).values():
        found: Schema = content.get("schema", {})
        return found
    return {}


def _resolved(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def _fields(document: Schema, schema: Schema) -> Iterator[tuple[str, Schema]]:
    found = _resolved(document, schema)
    if found.get("type") == "array":
        found = _resolved(document, found["items"])
    yield from found.get("properties", {}).items()


def _kind(document: Schema, schema: Schema) -> str:
    """A type in a few words."""
    found = _resolved(document, schema)
    if "anyOf" in found:
        return " or ".join(_kind(document, one) for one in found["anyOf"])
    if "enum" in found:
        return ", ".join(f"`{one}`" for one in found["enum"])
    if found.get("type") == "array":
        return f"list of {_kind(document, found['items'])}"
    kind = found.get("format") or found.get("type") or "text"
    low, high = found.get("minimum"), found.get("maximum")
    if low is not None and high is not None:
        return f"{kind}, {low:,} to {high:,}"
    return {"null": "nothing"}.get(kind, kind)


def _text(schema: Schema) -> str:
    return " ".join(schema.get("description", "").split()).replace("|", "\\|")
