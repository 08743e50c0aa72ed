"""docs/roles.md shows the table of who may do what as it is, and the table misses nothing."""

from typing import get_args

from sync_server.domain.commands import COMMANDS
from sync_server.domain.ops import ActorKind, AnyOp
from sync_server.domain.roles import MAY, Deed, may, name_of
from tests.contract.pages import names, page, rows, sections

WRITTEN = sections(page("roles.md"), 2)


def test_the_page_explains_every_role():
    assert names(WRITTEN["Roles"]) == [role.value for role in ActorKind]


def test_the_page_has_the_table_as_it_is():
    heading = next(line for line in WRITTEN["The table"].splitlines() if line.startswith("|"))
    roles = [ActorKind(cell.strip(" `")) for cell in heading.strip("|").split("|") if cell.strip()]
    assert roles == list(ActorKind)
    told = {row[0].strip("`"): row[1:] for row in rows(WRITTEN["The table"])}
    assert told == {name_of(what): ["yes" if may(role, what) else "–" for role in ActorKind] for what in MAY}


def test_every_op_and_every_deed_stands_in_the_table():
    assert set(MAY) == {*get_args(AnyOp), *Deed}
    assert set(COMMANDS) == set(get_args(AnyOp))


def test_what_is_not_in_the_table_is_allowed_to_nobody():
    assert not any(may(role, str) for role in ActorKind)


def test_whoever_may_only_look_changes_nothing():
    assert {what for what in MAY if may(ActorKind.READONLY, what)} == {Deed.LOOK}
