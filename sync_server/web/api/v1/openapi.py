"""The OpenAPI 3.1 document of the API, made from the table of routes and the types that they name."""

from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sync_server.service.auth.tokens import Scope
from sync_server.version import own_version

from .calls import MAX_KEY
from .problems import MEDIA_TYPE, Problem
from .routes import BASE, ROUTES, ApiRoute

Schema = dict[str, Any]
_TITLES = {
    400: "the body or a parameter is not as it must be",
    401: "no token, or one that was revoked",
    403: "the token has not the scope, or the request came over a network where it could be read",
    404: "there is no such visit",
    409: "it is not possible as things are",
    413: "the body is too large",
    422: "the Idempotency-Key was used for another request",
    429: "too many requests of this token",
    503: "nothing can be read or saved at the moment",
}


async def document(_request: Request) -> Response:
    """The document, for everybody: it says nothing about the shop."""
    return Response(_encoded(), media_type="application/vnd.oai.openapi+json;version=3.1")


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(openapi())


def openapi() -> Schema:
    """The document as a value."""
    kinds = list(dict.fromkeys(k for r in ROUTES for k in (r.answer, r.body) if k is not None))
    _, schemas = msgspec.json.schema_components([*kinds, Problem], ref_template="#/components/schemas/{name}")
    paths: dict[str, Schema] = {}
    for route in ROUTES:
        paths.setdefault(BASE + route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Welkom",
            "version": own_version(),
            "summary": "Visits, floor, log, report and catalogue of one shop, for other programs of the shop",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"A token of the shop, with scopes: {', '.join(Scope)}",
                }
            },
            "schemas": schemas,
        },
    }


def _operation(route: ApiRoute) -> Schema:
    operation: Schema = {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"{route.run.__doc__} Needs the scope `{route.scope}`.",
        "parameters": _parameters(route),
        "responses": _responses(route),
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(route.body)}},
        }
    return operation


def _parameters(route: ApiRoute) -> list[Schema]:
    found: list[Schema] = []
    if "{visit_id}" in route.path:
        form: Schema = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
        found.append({"name": "visit_id", "in": "path", "required": True, "schema": form})
    schema = msgspec.json.schema(route.query)
    definitions = schema.get("$defs", {})
    for name, form in definitions[route.query.__name__]["properties"].items():
        found.append({"name": name, "in": "query", "schema": _parameter_form(form, definitions)})
    if route.repeatable:
        form = {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": r"^[!-~]+$"}
        text = "Your own name for this request. Sent again with it, the request has no second effect."
        found.append({"name": "Idempotency-Key", "in": "header", "schema": form, "description": text})
    return found


def _parameter_form(form: Schema, definitions: Schema) -> Schema:
    """Without null, which no address can say, and without references: a parameter is small."""
    choices = [each for each in form.get("anyOf", [form]) if each.get("type") != "null"]
    chosen = {k: v for k, v in {**form, **choices[0]}.items() if k not in ("anyOf", "default")}
    if (name := chosen.pop("$ref", "").rpartition("/")[2]) in definitions:
        chosen |= {k: v for k, v in definitions[name].items() if k not in ("title", "description")}
    return chosen


def _responses(route: ApiRoute) -> Schema:
    good: Schema = {
        "description": route.answer.__doc__ or "",
        "content": {"application/json": {"schema": _reference(route.answer)}},
    }
    statuses = [400, 401, 403, 413, 429, 503]
    statuses += [404] * route.not_found + [409] * route.conflicts + [422] * route.repeatable
    problems: Schema = {
        str(status): {
            "description": _TITLES[status],
            "content": {MEDIA_TYPE: {"schema": _reference(Problem)}},
        }
        for status in sorted(statuses)
    }
    return {str(route.status): good, **problems}


def _reference(kind: type) -> Schema:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
