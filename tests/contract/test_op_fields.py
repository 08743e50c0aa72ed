"""Every field of every op: who fills it, and with which screen, page or command.

What nobody can fill does not exist for people. A field that no screen sets yet is named in NOT_YET with what
it is for, and a field that only devices of earlier versions set in ONLY_READ. A new field needs a line here.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import fields

from sync_server.domain import ops

from .docs_pages import ROOT

APPS = ("kiosk", "staff_app", "sync_server/web", "sync_server/service", "sync_server/device")
OPS = {kind.__struct_config__.tag: kind for kind in get_args(ops.AnyOp)}

KIOSK, PHONE = "kiosk/session/intake.py", "sync_server/web/http/server_tickets.py"
COUNTER = "kiosk/session/session_counter.py"
KIOSK_TICKET, PHONE_TICKET = "kiosk/session/session_flow.py", "sync_server/web/shopper/pages.py"
API_VISITS = "sync_server/web/api/v1/visit_routes.py"
TABLET, TAKE_BACK = "staff_app/intents.py", "staff_app/undo.py"
CORRECT = "sync_server/web/manager/visit_log/corrections.py"
FOLLOW_UP = "sync_server/web/manager/learning/follow_up.py"
ASK_AGAIN = "sync_server/web/manager/now/now_page.py"
VISIT_HELP, PERSON = "sync_server/web/manager/now/visit_help.py", "sync_server/web/manager/now/person.py"
AT_KIOSKS = "sync_server/web/manager/now/at_kiosks.py"
SIGN_IN = "sync_server/service/sync/sign_ins.py"

BY_ITSELF = "the device, by itself"
# The screen, page or program with which a person fills the field; and the modules that put it into the op.
SET_BY: dict[str, tuple[str, set[str]]] = {
    "open_visit.visit_id": (BY_ITSELF, {KIOSK, PHONE}),
    "open_visit.ticket": (BY_ITSELF, {KIOSK, PHONE}),
    "open_visit.need": ("kiosk: needs, more needs; phone: back in line; API", {KIOSK, PHONE}),
    "open_visit.language": ("kiosk: language buttons; API", {KIOSK, PHONE}),
    "open_visit.alias": ("kiosk: keyboard; API", {KIOSK, PHONE}),
    "open_visit.colour": ("kiosk: colours", {KIOSK, PHONE}),
    "open_visit.place": ("kiosk: places", {KIOSK, PHONE}),
    "open_visit.link": (BY_ITSELF, {KIOSK, PHONE}),
    "open_visit.taps": (BY_ITSELF, {KIOSK}),
    "count_session.reached": (BY_ITSELF, {COUNTER}),
    "count_session.last": (BY_ITSELF, {COUNTER}),
    "count_session.taps": (BY_ITSELF, {COUNTER}),
    "count_session.seconds": (BY_ITSELF, {COUNTER}),
    "cancel.visit_id": ("kiosk: in line; phone: ticket; API", {KIOSK_TICKET, PHONE_TICKET, API_VISITS}),
    "rate.visit_id": ("kiosk: effort; phone: effort", {KIOSK_TICKET, PHONE_TICKET}),
    "rate.ces": ("kiosk: effort; phone: effort", {KIOSK_TICKET, PHONE_TICKET}),
    "set_presence.presence": ("tablet: floor, sign off", {TABLET}),
    "accept.visit_id": ("tablet: offer", {TABLET}),
    "decline.visit_id": ("tablet: offer", {TABLET}),
    "claim.visit_id": ("tablet: floor", {TABLET}),
    "recall.visit_id": ("tablet: on the way", {TABLET}),
    "start.visit_id": ("tablet: on the way", {TABLET}),
    "hold.visit_id": ("tablet: with the shopper", {TABLET}),
    "resume.visit_id": ("tablet: floor", {TABLET}),
    "hand_over.visit_id": ("tablet: with the shopper, give back", {TABLET}),
    "hand_over.note": ("tablet: note for the colleague", {TABLET}),
    "hand_over.need": ("tablet: another need", {TABLET}),
    "add_note.visit_id": ("tablet: with the shopper", {TABLET}),
    "add_note.note": ("tablet: note", {TABLET}),
    "complete.visit_id": ("tablet: with the shopper", {TABLET}),
    "complete.resolution": ("tablet: with the shopper, endings", {TABLET}),
    "complete.tip": ("tablet: with the shopper", {TABLET}),
    "complete.gift": ("tablet: with the shopper", {TABLET}),
    "complete.goodwill_cents": ("tablet: goodwill", {TABLET}),
    "mark_no_show.visit_id": ("tablet: not here", {TABLET}),
    "remove.visit_id": (
        "tablet: give back; take back; manager's pages: now, a visit",
        {TABLET, TAKE_BACK, VISIT_HELP},
    ),
    "remove.reason": ("manager's pages: now, a visit", {VISIT_HELP}),
    "quick_resolution.visit_id": (BY_ITSELF, {TABLET}),
    "quick_resolution.ticket": (BY_ITSELF, {TABLET}),
    "quick_resolution.need": ("tablet: quick resolution, need", {TABLET}),
    "quick_resolution.language": ("tablet: language buttons", {TABLET}),
    "quick_resolution.resolution": ("tablet: quick resolution, ending", {TABLET}),
    "quick_resolution.service_s": ("tablet: quick resolution, how long", {TABLET}),
    "undo.visit_id": ("tablet: take back", {TAKE_BACK}),
    "ask_for_help.visit_id": ("tablet: with the shopper", {TABLET}),
    "ask_for_help.wanted": ("tablet: with the shopper", {TABLET}),
    "answer_help.visit_id": (
        "tablet: the line above every screen; manager's pages: now",
        {TABLET, VISIT_HELP},
    ),
    "ask_again.visit_id": ("manager's pages: now, ask again", {ASK_AGAIN}),
    "ask_again.everybody": ("manager's pages: now, ask everybody", {ASK_AGAIN}),
    "correct.visit_id": ("manager's pages: one visit, correct", {CORRECT}),
    "correct.because": ("manager's pages: one visit, correct", {CORRECT}),
    "correct.resolution": ("manager's pages: one visit, correct", {CORRECT}),
    "correct.employee": ("manager's pages: one visit, correct", {CORRECT}),
    "correct.need": ("manager's pages: one visit, correct", {CORRECT}),
    "correct.note": ("manager's pages: one visit, correct", {CORRECT}),
    "look_into.visit_id": ("manager's pages: learning", {FOLLOW_UP}),
    "look_into.cause": ("manager's pages: learning", {FOLLOW_UP}),
    "look_into.done": ("manager's pages: learning", {FOLLOW_UP}),
    "put_away.kiosk": ("manager's pages: now", {ASK_AGAIN}),
    "offer_to.visit_id": ("manager's pages: now, a visit", {VISIT_HELP}),
    "offer_to.employee": ("manager's pages: now, a visit", {VISIT_HELP}),
    "set_presence_of.employee": ("manager's pages: now, an employee", {PERSON}),
    "set_presence_of.seen": (BY_ITSELF, {PERSON}),
    "set_presence_of.presence": ("manager's pages: now, an employee", {PERSON}),
    "close_need.need": ("manager's pages: now; at the kiosks", {AT_KIOSKS}),
    "close_need.back": ("manager's pages: at the kiosks", {AT_KIOSKS}),
    "close_need.words": ("manager's pages: at the kiosks", {AT_KIOSKS}),
    "reopen_need.need": ("manager's pages: now; at the kiosks", {AT_KIOSKS}),
    "announce.words": ("manager's pages: at the kiosks", {AT_KIOSKS}),
    "announce.kiosk": ("manager's pages: at the kiosks", {AT_KIOSKS}),
    "announce.replaces": (BY_ITSELF, {AT_KIOSKS}),
    "sign_on.employee": ("tablet: who, PIN", {SIGN_IN}),
    "sign_on.device_id": (BY_ITSELF, {SIGN_IN}),
    "sign_off.device_id": ("manager's pages: devices, revoke", {"sync_server/service/sync/handler.py"}),
}
# An expected_rev is the rev of the row on the screen.
SET_BY |= {
    f"{tag}.expected_rev": (BY_ITSELF, SET_BY[f"{tag}.visit_id"][1])
    for tag, kind in OPS.items()
    if "expected_rev" in kind.__struct_fields__ and tag != "cancel"
}
NOT_YET = {
    "open_visit.party_size": "kiosk: how many we are, for whom a bigger table or more time is planned",
    "rate.nps": "kiosk and phone: the one question may be how likely they recommend the shop",
    "rate.comment": "kiosk and phone: one line in the shopper's own words",
    "complete.note": "tablet: why it was not solved",
    "quick_resolution.note": "tablet: a note with a quick resolution",
    "quick_resolution.tip": "tablet: a care tip with a quick resolution",
    "quick_resolution.gift": "tablet: a gift with a quick resolution",
    "quick_resolution.goodwill_cents": "tablet: what was given free with a quick resolution",
}
ONLY_READ = {
    "cancel.expected_rev": "a shopper leaves whatever an employee has just done; version 0.1.0 has the field",
}


def every_field() -> Iterator[str]:
    for tag, kind in OPS.items():
        yield from (f"{tag}.{field.name}" for field in fields(kind))


def fields_put_into_ops() -> dict[str, set[str]]:
    """Where the programs make an op, and which of its fields they give."""
    found: dict[str, set[str]] = {}
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            for tag, field in _fields_in(path):
                found.setdefault(f"{tag}.{field}", set()).add(path.relative_to(ROOT).as_posix())
    return found


def _fields_in(path: Path) -> Iterator[tuple[str, str]]:
    kinds = {kind.__name__: (tag, kind) for tag, kind in OPS.items()}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in kinds:
            tag, kind = kinds[name]
            by_position = kind.__struct_fields__[: len(node.args)]
            for field in (*by_position, *(keyword.arg or "" for keyword in node.keywords)):
                yield tag, field


def test_every_field_of_every_op_is_in_one_list():
    lists = (SET_BY, NOT_YET, ONLY_READ)
    assert sorted(name for each in lists for name in each) == sorted(every_field())
    assert all(text for text, _ in SET_BY.values())


def test_the_modules_put_those_fields_into_ops_and_no_others():
    found = fields_put_into_ops()
    # The phone's "back in line" takes over what a kiosk said.
    found["open_visit.party_size"].remove(PHONE)
    assert {name: places for name, places in found.items() if places} == {
        name: places for name, (_, places) in SET_BY.items()
    }


@pytest.mark.parametrize("name", [*NOT_YET, *ONLY_READ])
def test_a_field_that_nobody_sets_may_be_left_out(name):
    """So devices need not know it, and what an earlier one sends stays readable."""
    tag, field = name.split(".")
    given = next(f for f in fields(OPS[tag]) if f.name == field)
    assert not given.required
