"""The texts of the tablet's screens: none is missing, and none shows a code."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from assets.i18n import translations
from assets.i18n.texts import Texts
from staff_app.navigation import StaffScreen
from staff_app.presenters import floor, names, offer, serving
from staff_app.presenters.banners import banners
from staff_app.presenters.choices import ChoiceText
from staff_app.presenters.present import present
from staff_app.presenters.refusals import refused_op_text
from sync_server.domain import ops
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.domain.events import Presence
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.protocol.messages import Submit
from tests.gallery import staff_sample
from tests.gallery.staff_scenes import SCENES

EN = Texts("en")


def submit(op: ops.DeviceOp) -> Submit:
    return Submit("0" * 32, 0, op)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_screen_has_its_texts(language: str, caplog: pytest.LogCaptureFixture) -> None:
    translations._logged.clear()  # each missing text is logged once
    texts = Texts(language)
    screens = set()
    with caplog.at_level(logging.WARNING, "assets.i18n.translations"):
        for make in SCENES.values():
            state = make().controller.state
            screens.add(state.screen)
            present(state, texts)
            banners(state, texts)
    assert [r.message for r in caplog.records if r.name == "assets.i18n.translations"] == []
    assert screens | {StaffScreen.HANDOVER_NOTE} == set(StaffScreen), "every screen is among the scenes"


@pytest.mark.parametrize(
    ("known", "line"),
    [
        ({"alias": "Robin", "colour": "red"}, "Robin, in red"),
        ({"alias": "Robin", "colour": None}, "Robin"),
        ({"alias": None, "colour": "red"}, "In red"),
        ({"alias": None, "colour": None}, "Call out A-42 Blue Heron"),
    ],
)
def test_how_to_recognise_a_shopper(known: dict[str, Any], line: str) -> None:
    row = staff_sample.offered(**known)
    assert names.shopper_line(EN, row) == line


def test_the_texts_of_an_offer() -> None:
    state = SCENES["offer_story"]().controller.state
    shown = offer.offer(state.snapshot, EN, state.visit)
    assert shown.where == "by the phones · A-42 Blue Heron"
    assert shown.details == "party of 3 · Nederlands"
    assert (shown.seconds, shown.handed_over, len(shown.notes)) == ("4", True, 2)


def test_a_row_shows_the_shoppers_language_if_it_is_another() -> None:
    shown = floor.floor(SCENES["floor"]().controller.state, EN)
    assert [row.shopper for row in shown.rows] == [
        "In green · by the seats",
        "Aino, in blue · by the laptops · FI",
        "In black · by the counter",
        "In yellow · by the headphones · NL",
    ]
    assert [(row.clock, row.late, row.status) for row in shown.rows][:2] == [
        ("4:10", True, ""),
        ("0:52", False, "Aino asked"),
    ]


def test_the_activities_of_everybody_on_the_floor() -> None:
    shown = floor.floor(SCENES["floor"]().controller.state, EN)
    assert [(person.name, person.activity) for person in shown.people] == [
        ("Maya", "you · free"),
        ("Sam", "with A-41 · 3:20"),
        ("Lotte", "walking to B-16"),
        ("Jussi", "break · since 14:03"),
        ("Aino", "asked for A-43"),
    ]


def test_a_need_in_a_group_has_both_names() -> None:
    snapshot = SCENES["floor"]().controller.state.snapshot
    assert names.need_name(snapshot, EN, "choose_laptop") == "Help me choose · A laptop"
    assert names.need_name(snapshot, EN, "gone") == "gone"


def test_gifts_are_those_within_the_limit_and_another_amount() -> None:
    state = SCENES["in_hand_red"]().controller.state
    shown = serving.serving(state, EN, state.visit)
    assert shown.gifts[-1] == ChoiceText("other", "On us · €12.50", "gift", chosen=True)
    assert shown.resolutions[0].code == Resolution.SOLD


@pytest.mark.parametrize(
    ("op", "refusal", "line"),
    [
        (
            ops.Claim("a" * 32, 1),
            Refusal(Code.ALREADY_TAKEN, "sam"),
            "Not done: Take. Sam was just quicker. Nothing to do.",
        ),
        (
            ops.SetPresence(Presence.OFF_FLOOR),
            Refusal(Code.FINISH_FIRST, "A-9"),
            "Not done: Available, break or sign off. Please finish with A-9 first.",
        ),
        (
            ops.QuickResolution("a" * 32, "M-4", "repair", "en", Resolution.SOLVED, goodwill_cents=9900),
            Refusal(Code.OVER_GOODWILL_LIMIT, "2500"),
            "Not done: Quick resolution · M-4. That is above €25. Please choose less, or ask the manager.",
        ),
    ],
)
def test_a_refusal_says_what_was_not_done_why_and_what_to_do(
    op: ops.DeviceOp, refusal: Refusal, line: str
) -> None:
    snapshot = SCENES["floor"]().controller.state.snapshot
    assert refused_op_text(snapshot, EN, submit(op), refusal) == line


@pytest.mark.parametrize("code", [Code.WRONG_STATE, Code.STALE_REV])
@pytest.mark.parametrize(
    ("state", "employee", "happened"),
    [
        ("waiting", None, "A-43 is in line."),
        ("offered", None, "A-43 is being offered to a colleague."),
        ("accepted", "sam", "Sam is on the way to A-43."),
        ("serving", "sam", "Sam is with A-43."),
        ("serving", "maya", "You have A-43 in hand already."),
        ("serving", None, "A colleague is with A-43."),
        ("on_hold", "sam", "Sam has A-43 on hold."),
        ("completed", "sam", "Sam has finished with A-43."),
        ("cancelled", None, "The shopper of A-43 has left the line."),
        ("no_show", None, "A-43 was ended: nobody came when it was called."),
        ("removed", None, "A-43 was taken out of the line."),
        ("expired", None, "A-43 ended at closing time."),
    ],
)
def test_a_refusal_names_what_happened_to_the_visit(
    code: Code, state: str, employee: str | None, happened: str
) -> None:
    """It once said only that this had moved on in between."""
    snapshot = SCENES["floor"]().controller.state.snapshot
    row = next(iter(snapshot.view.visits.values()))
    row = replace(row, visit_id="a" * 32, ticket="A-43", state=state, employee=employee)
    rows = {**snapshot.view.visits, row.visit_id: row}
    snapshot = replace(snapshot, view=replace(snapshot.view, visits=rows))
    refusal = Refusal(code, state if code is Code.WRONG_STATE else "7")
    line = refused_op_text(snapshot, EN, submit(ops.Claim(row.visit_id, 1)), refusal)
    assert line == f"Not done: Take · A-43. {happened}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_of_every_op_has_a_text(language: str, caplog: pytest.LogCaptureFixture) -> None:
    translations._logged.clear()
    snapshot, texts = SCENES["floor"]().controller.state.snapshot, Texts(language)
    asked: list[Callable[..., ops.DeviceOp]] = [
        ops.Accept, ops.Decline, ops.Claim, ops.Recall, ops.Start, ops.Hold, ops.Resume, ops.HandOver,
        ops.MarkNoShow, ops.Remove,
        partial(ops.AddNote, note="note"), partial(ops.Complete, resolution=Resolution.SOLVED),
    ]  # fmt: skip
    with caplog.at_level(logging.WARNING, "assets.i18n.translations"):
        for make in asked:
            for code in Code:
                refused_op_text(snapshot, texts, submit(make("a" * 32, 1)), Refusal(code, "about"))
    assert [r.message for r in caplog.records if r.name == "assets.i18n.translations"] == []


def test_a_tablet_that_has_never_known_its_store_promises_to_keep_no_taps() -> None:
    shot = SCENES["starting"]()
    shot.device.now += 120_000
    shot.controller.refresh()
    assert shot.controller.state.banner is not None
    assert banners(shot.controller.state, EN).banner == ""
