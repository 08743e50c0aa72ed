"""What the tablet says about closing time."""

from typing import Any, cast

from msgspec.structs import replace

from assets.i18n.texts import Texts
from staff_app.controller import StaffController
from staff_app.presenters.banners import banners
from sync_server.domain.catalogue.opening_hours import WEEKDAYS
from tests.gallery import staff_sample
from tests.gallery.staff_scenes import SCENES

EN = Texts("en")


def banner(scene: str, **changes: object) -> tuple[str, bool]:
    controller = SCENES[scene]().controller
    for name, value in changes.items():
        setattr(controller.device, name, value)
    controller.refresh()
    shown = banners(controller.state, EN)
    return shown.banner, shown.is_problem


def test_closing_time_is_announced_a_quarter_of_an_hour_before() -> None:
    text, is_problem = banner("closing_soon")
    assert text == "We close at 14:22, in 12 minutes. 4 people are still in line."
    assert not is_problem
    assert banner("closing_soon", now=staff_sample.NOW - 4 * 60_000)[0] == "", "sixteen minutes before"
    assert "in 1 minute." in banner("closing_soon", now=staff_sample.NOW + 11 * 60_000 + 1)[0]


def test_after_closing_an_unfinished_visit_says_when_it_ends_by_itself() -> None:
    assert banner("closing_late")[0].endswith("it ends by itself at 15:00.")
    assert banner("closing_late", now=staff_sample.NOW + 51 * 60_000)[0] == ""


def test_after_closing_nothing_is_shown_without_an_unfinished_visit() -> None:
    device = staff_sample.tablet(*staff_sample.line())
    week = dict.fromkeys(WEEKDAYS, "09:30-14:00")
    device.catalogue = replace(device.catalogue, store=replace(device.catalogue.store, hours=week))
    assert banners(StaffController(cast(Any, device)).state, EN).banner == ""


def test_a_lost_connection_comes_before_closing_time() -> None:
    controller: Any = SCENES["closing_soon"]().controller
    controller.device.live = False
    controller.refresh()
    controller.device.now += 5_000
    controller.refresh()
    shown = banners(controller.state, EN)
    assert shown.is_problem
    assert shown.banner.startswith("No connection")
