"""docs/reference/api.md has the routes, scopes and problems of the code."""

from sync_server.domain.ops import ActorKind
from sync_server.domain.permissions import is_allowed
from sync_server.service.auth.tokens import Scope
from sync_server.web.api.v1.calls import ALLOWED_BY
from sync_server.web.api.v1.openapi import openapi
from sync_server.web.api.v1.problems import STATUS
from sync_server.web.api.v1.routes import BASE, ROUTES

from .docs_pages import names, page, rows, sections

WRITTEN = sections(page("api.md"), 2)


def test_the_page_has_every_route():
    told = [tuple(cell.strip("`") for cell in row) for row in rows(WRITTEN["What there is"])]
    assert told == [(f"{r.method} {r.path}", r.scope.value, r.summary) for r in ROUTES]


def test_the_page_has_every_scope():
    assert names(WRITTEN["Tokens and scopes"]) == list(Scope)


def test_every_scope_needs_a_permission_that_programs_have():
    assert set(ALLOWED_BY) == set(Scope)
    assert all(is_allowed(ActorKind.API, action) for action in ALLOWED_BY.values())


def test_the_page_has_every_problem():
    told = {row[0].strip("`"): int(row[1]) for row in rows(WRITTEN["What goes wrong"])}
    assert told == {code.value: status for code, status in STATUS.items()}


def test_the_document_has_every_route_and_refers_to_nothing_that_is_missing():
    document = openapi()
    assert {(method.upper(), path) for path, item in document["paths"].items() for method in item} == {
        (r.method, BASE + r.path) for r in ROUTES
    }
    known = document["components"]["schemas"]
    assert not [name for name in _references(document) if name not in known]


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"].rpartition("/")[2]] if isinstance(value.get("$ref"), str) else []
        return own + [name for each in value.values() for name in _references(each)]
    return [name for each in value for name in _references(each)] if isinstance(value, list) else []
