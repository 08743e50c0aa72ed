"""The kiosk under real touches: what the screen shows, and what is then on the device's disk."""

from pathlib import Path

import pytest

from kiosk.session.session import KioskScreen
from kiosk.session.timeouts import STILL_THERE_MS
from sync_server.domain import ops
from sync_server.domain.kiosk_step import KioskStep
from sync_server.domain.visit.ticket import name_parts
from tests.gallery.fake_kiosk_device import AT, FakeKioskDevice, store_of
from tests.gallery.kiosk_scenes import KioskScene

from .kiosk import PORTRAIT, SMALL, Kiosk, at_the_kiosk

IDLE_MS = int(store_of().times.idle_s * 1000)


# --- the way into the line -----------------------------------------------------------------------


@pytest.mark.parametrize("size", [PORTRAIT, SMALL])
def test_two_taps_put_a_visit_on_disk_and_a_ticket_on_the_screen(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("join")
        (op,) = k.pending_ops()
        assert isinstance(op, ops.OpenVisit)
        assert (op.need, op.language, op.ticket) == ("repair", "en", "A-1")
        assert k.controller.screen is KioskScreen.LINE
        assert k.says("A-1")
        assert k.says("We’ll call you as soon as")
        assert k.says("Any colleague can help you now")
        assert {"leave", "all-right"} <= k.screen.names()

    at_the_kiosk(tmp_path, what, size=size)


def test_everything_that_was_entered_is_in_the_op(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("colour-red")
        await k.tap("place-phones")
        await k.tap("name")
        for key in ("key-r", "key-o", "key-n", "key-erase", "key-b"):
            await k.tap(key)
        await k.tap("done")
        assert k.says("Rob")
        await k.tap("join")
        (op,) = k.pending_ops()
        assert (op.colour, op.place, op.alias) == ("red", "phones", "Rob")

    at_the_kiosk(tmp_path, what)


def test_a_touch_between_two_keys_types_the_nearer_one(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("name")
        q, w = k.screen.find("key-q"), k.screen.find("key-w")
        gap = (q.right + w.x) / 2
        k.screen.before_tap()
        await k.screen.touch(gap + 1, q.center_y)
        await k.screen.until(lambda: k.says("W|"), "the letter of the nearer key")

    at_the_kiosk(tmp_path, what)


def test_every_colour_has_its_name_on_it(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        assert all(k.says(colour) for colour in ("black", "white", "beige", "orange"))

    at_the_kiosk(tmp_path, what)


def test_a_shopper_without_a_phone_finds_their_ticket_again(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("join")
        await k.tap("all-right")
        await k.tap("my-ticket")
        colour, animal = name_parts("A-1")
        await k.tap(f"word-animal-{animal}")
        await k.tap(f"word-colour-{colour}")
        assert k.controller.screen is KioskScreen.LINE
        assert k.says("A-1")
        await k.tap("leave")
        await k.tap("leave-yes")
        assert [type(op) for op in k.pending_ops()] == [ops.OpenVisit, ops.Cancel]

    at_the_kiosk(tmp_path, what)


def test_a_grouped_need_takes_three_taps(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-choose")
        await k.tap("need-choose_laptop")
        await k.tap("join")
        assert k.pending_ops()[0].need == "choose_laptop"

    at_the_kiosk(tmp_path, what)


def test_back_keeps_what_was_chosen(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("colour-red")
        await k.tap("back")
        assert k.controller.screen is KioskScreen.NEED
        await k.tap("need-repair")
        assert k.screen.find("colour-red").chosen

    at_the_kiosk(tmp_path, what)


def test_a_second_tap_on_the_same_spot_is_not_an_answer_to_the_next_screen(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        join = k.screen.find("join")
        x, y = join.to_window(*join.center)
        k.look()
        await k.screen.touch(x + join.width / 4, y)
        under = k.screen.find("all-right")
        assert under.collide_point(*under.to_widget(x + join.width / 4, y))
        await k.screen.touch(x + join.width / 4, y)
        assert k.controller.screen is KioskScreen.LINE

    at_the_kiosk(tmp_path, what)


def test_a_screen_that_comes_by_itself_takes_no_answer_from_a_finger_on_its_way() -> None:
    device = FakeKioskDevice(store_of())

    async def what(k: Kiosk) -> None:
        scene = KioskScene(device, k.controller)
        scene.line()
        await k.screen.frames()
        k.look()
        scene.row(state="completed", ended_at=AT)
        worst = await k.screen.until(lambda: k.screen.find("face-1"))
        await k.screen.frames()
        there = worst.to_window(*worst.center)
        await k.screen.touch(*there)
        assert k.controller.screen is KioskScreen.RATING
        k.look()
        await k.screen.touch(*there)
        assert k.controller.screen is KioskScreen.RATED

    at_the_kiosk(Path(), what, device=device, size=SMALL)


# --- the keyboard --------------------------------------------------------------------------------


def test_a_name_begins_with_a_capital_and_goes_on_small(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("name")
        for key in ("key-a", "key-n", "key-n", "key-hyphen", "key-l", "key-i", "key-shift", "key-s"):
            await k.tap(key)
        assert k.controller.session.name == "Ann-LiS"

    at_the_kiosk(tmp_path, what)


def test_the_keyboard_speaks_the_shoppers_language_and_reaches_the_neighbours(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("language-fi")
        await k.tap("need-repair")
        await k.tap("name")
        assert {"key-å", "key-ä", "key-ö"} <= k.screen.names()
        await k.tap("key-ä")
        await k.tap("key-accents")
        await k.tap("key-ë")
        await k.tap("key-accents")
        await k.tap("key-space")
        await k.tap("key-ö")
        assert k.controller.session.name == "Äë Ö"
        await k.tap("language-en")
        assert "key-ä" not in k.screen.names()

    at_the_kiosk(tmp_path, what)


# --- language ------------------------------------------------------------------------------------


def test_the_next_shopper_is_greeted_in_the_stores_first_language(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("language-fi")
        await k.tap("need-repair")
        await k.tap("join")
        assert k.says("Kutsumme")
        await k.tap("all-right")
        assert k.says("What can we do for you?")

    at_the_kiosk(tmp_path, what)


# --- still there? --------------------------------------------------------------------------------


def test_left_alone_it_asks_and_then_forgets(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("colour-red")
        await k.pass_time(IDLE_MS)
        assert k.says("Are you still there?")
        await k.pass_time(STILL_THERE_MS - 1000)
        assert k.says("We start over in 1 second")
        await k.pass_time(1000)
        assert k.controller.screen is KioskScreen.NEED
        await k.tap("need-repair")
        assert not k.screen.find("colour-red").chosen

    at_the_kiosk(tmp_path, what)


def test_yes_i_am_here_goes_on_where_it_was(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("colour-red")
        await k.pass_time(IDLE_MS)
        await k.tap("still-yes")
        assert k.screen.find("still-yes") is None
        assert k.screen.find("colour-red").chosen

    at_the_kiosk(tmp_path, what)


def test_start_over_starts_over(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.pass_time(IDLE_MS)
        await k.tap("still-over")
        assert k.controller.screen is KioskScreen.NEED

    at_the_kiosk(tmp_path, what)


def test_nothing_below_the_question_can_be_touched(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.pass_time(IDLE_MS)
        join = k.screen.find("join")
        await k.screen.touch(*join.to_window(*join.center))
        assert (k.controller.screen, k.pending_ops()) == (KioskScreen.IDENTIFY, [])

    at_the_kiosk(tmp_path, what)


def test_a_touch_anywhere_puts_the_question_off(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.pass_time(IDLE_MS - 1)
        await k.screen.touch(3, 3)
        await k.pass_time(IDLE_MS - 1)
        assert (k.controller.screen, k.controller.session.asks_still_there) == (KioskScreen.IDENTIFY, False)
        assert k.controller.touched_at > 0

    at_the_kiosk(tmp_path, what)


# --- in line, and after --------------------------------------------------------------------------


def test_leaving_the_line_is_confirmed_kept_and_followed_by_the_one_question(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("join")
        await k.tap("leave")
        await k.tap("stay")
        assert k.controller.screen is KioskScreen.LINE
        await k.tap("leave")
        await k.tap("leave-yes")
        assert k.says("One question:")
        await k.tap("face-4")
        opened, cancelled, rated = k.pending_ops()
        assert cancelled == ops.Cancel(opened.visit_id)
        assert rated == ops.Rate(opened.visit_id, ces=4)
        assert k.says("Thank you.")
        assert k.says("We’ll pass it on as soon as")
        await k.tap("all-right")
        assert k.controller.screen is KioskScreen.NEED

    at_the_kiosk(tmp_path, what)


def test_leaving_the_line_is_confirmed_on_the_screen() -> None:
    device = FakeKioskDevice(store_of())

    async def what(k: Kiosk) -> None:
        scene = KioskScene(device, k.controller)
        scene.rating()
        scene.row(state="cancelled", ended_at=AT)
        await k.tap("face-2")
        assert k.says("You are out of the line")

    at_the_kiosk(Path(), what, device=device)


def test_no_thanks_is_an_answer_too(tmp_path: Path) -> None:
    async def what(k: Kiosk) -> None:
        k.device._engine.replica.counts_sessions = True
        await k.tap("need-repair")
        await k.tap("join")
        await k.tap("leave")
        await k.tap("leave-yes")
        await k.tap("no-thanks")
        assert k.controller.screen is KioskScreen.NEED
        assert len(k.pending_ops()) == 2
        (counted,) = k.counted_sessions()
        assert (counted.reached, counted.last, counted.taps) == (KioskStep.LINE, "rating", 2)
        k.device._engine.replica.counts_sessions = False  # a server of an earlier version
        for button in ("need-repair", "join", "leave", "leave-yes", "no-thanks"):
            await k.tap(button)
        assert k.counted_sessions() == [counted]
        assert k.screen.find("how-was-it") is None

    at_the_kiosk(tmp_path, what)


def test_on_the_way_out_a_shopper_says_how_it_was() -> None:
    device = FakeKioskDevice(store_of())

    async def what(k: Kiosk) -> None:
        assert k.screen.find("how-was-it") is None
        scene = KioskScene(device, k.controller)
        scene.ended(40, 41)
        await k.tap("how-was-it")
        await k.tap("ticket-A-41")
        await k.tap("face-5")
        assert device.submitted == [ops.Rate(f"{41:032x}", ces=5)]

    at_the_kiosk(Path(), what, device=device)


def test_the_screen_shows_who_comes(tmp_path: Path) -> None:
    device = FakeKioskDevice(store_of())

    async def what(k: Kiosk) -> None:
        await k.tap("need-repair")
        await k.tap("join")
        scene = KioskScene(device, k.controller)
        employee = store_of().employees[0]
        for row, words in (
            (
                {"place_in_line": 1, "low_s": 60.0, "high_s": 180.0},
                "You’re next\nSomeone is with you in 1 to 3",
            ),
            (
                {"place_in_line": 3, "low_s": 120.0, "high_s": 360.0},
                "2 people before you\nSomeone is with you in 2 to 6",
            ),
            ({"place_in_line": 1}, "We don’t know yet how long"),
            ({"place_in_line": 1, "low_s": 1260.0, "high_s": 4620.0}, "It takes 21 minutes or more"),
            ({"state": "accepted", "employee": employee.id}, f"{employee.name} is on the way"),
            (
                {"state": "accepted", "employee": employee.id, "recalled_at": AT},
                f"{employee.name} is looking for",
            ),
            ({"state": "serving", "employee": employee.id}, f"{employee.name} is with you"),
            ({"state": "no_show", "employee": employee.id}, "could not find you"),
        ):
            scene.row(**row)
            await k.screen.frames()
            assert k.says(words), k.screen.texts()
        await k.tap("all-right")

    at_the_kiosk(tmp_path, what, device=device)


def test_the_code_to_scan_leads_to_the_tickets_own_page(tmp_path: Path) -> None:
    device = FakeKioskDevice(store_of())

    async def what(k: Kiosk) -> None:
        from assets.ui.widgets.qr import Qr

        await k.tap("need-repair")
        await k.tap("join")
        (code,) = [w for w in k.screen.widgets() if isinstance(w, Qr)]
        (op,) = device.submitted
        assert isinstance(op, ops.OpenVisit)
        assert code.text == f"https://lumen.example/v/{op.link}"

    at_the_kiosk(tmp_path, what, device=device)
