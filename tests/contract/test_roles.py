"""docs/reference/roles.md shows the permission table, and the table has every op and permission."""

from typing import get_args

from sync_server.domain.floor.commands import COMMANDS
from sync_server.domain.ops import ActorKind, AnyOp
from sync_server.domain.permissions import ALLOWED, Permission, is_allowed, name_of

from .docs_pages import names, page, rows, sections

WRITTEN = sections(page("roles.md"), 2)


def test_the_page_explains_every_role():
    assert names(WRITTEN["Roles"]) == [role.value for role in ActorKind]


def test_the_page_has_the_table_as_it_is():
    heading = next(line for line in WRITTEN["The table"].splitlines() if line.startswith("|"))
    roles = [ActorKind(cell.strip(" `")) for cell in heading.strip("|").split("|") if cell.strip()]
    assert roles == list(ActorKind)
    told = {row[0].strip("`"): row[1:] for row in rows(WRITTEN["The table"])}
    assert told == {
        name_of(what): ["yes" if is_allowed(role, what) else "–" for role in ActorKind] for what in ALLOWED
    }


def test_every_op_and_every_permission_is_in_the_table():
    assert set(ALLOWED) == {*get_args(AnyOp), *Permission}
    assert set(COMMANDS) == set(get_args(AnyOp))


def test_an_action_that_is_not_in_the_table_is_allowed_to_nobody():
    assert not any(is_allowed(role, str) for role in ActorKind)


def test_the_readonly_role_changes_nothing():
    assert {what for what in ALLOWED if is_allowed(ActorKind.READONLY, what)} == {Permission.LOOK}
