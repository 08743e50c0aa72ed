"""A need that is closed today, at the kiosk: what a tap on it does, and how long it holds."""

from msgspec.structs import replace

from assets.i18n.back_again import back_again
from assets.i18n.texts import Texts
from kiosk.session import visit_progress
from kiosk.session.session import KioskScreen
from sync_server.domain.catalogue.catalogue import StoreInfo
from sync_server.domain.events import Back
from sync_server.protocol.rows import AnnouncementRow, ClosedNeedRow, OverridesRow

from .shopper import AT, IDLE_MS, STORE, Shopper, row

DAY_MS = 86_400_000
UNTIL = AT + 60_000
CLOSED = OverridesRow((ClosedNeedRow("repair", UNTIL, "next_day"),))
ALL = OverridesRow((ClosedNeedRow("repair", UNTIL), ClosedNeedRow("lost", UNTIL)))


def test_a_closed_need_says_so_and_offers_the_others(shopper: Shopper) -> None:
    shopper.update(overrides=CLOSED)
    shopper.flow.choose_need("repair", shopper.now)
    assert (shopper.screen, shopper.flow.session.need) == (KioskScreen.NEED_CLOSED, "repair")
    assert [need.code for need in shopper.flow.needs] == ["more"]
    assert shopper.flow.join("v", "A-1", "l", shopper.now) == []
    shopper.flow.choose_need("more", shopper.now)
    assert shopper.screen is KioskScreen.NEED_GROUP
    assert shopper.flow.session.group == "more"


def test_below_a_group_the_way_back_leads_to_the_group(shopper: Shopper) -> None:
    shopper.update(overrides=ALL)
    shopper.flow.choose_need("more", shopper.now)
    shopper.flow.choose_need("lost", shopper.now)
    assert shopper.screen is KioskScreen.NEED_CLOSED
    assert [need.code for need in shopper.flow.needs] == ["more"]  # nothing else in the group is open
    shopper.flow.back(shopper.now)
    assert shopper.screen is KioskScreen.NEED_GROUP


def test_the_screen_leaves_by_itself_when_the_need_is_open_again_or_nobody_touches_it(
    shopper: Shopper,
) -> None:
    for overrides in (OverridesRow(), CLOSED):
        shopper.update(overrides=CLOSED)
        shopper.flow.choose_need("repair", shopper.now)
        shopper.update(overrides=overrides)
        if overrides == CLOSED:
            shopper.wait(IDLE_MS)
        assert shopper.screen is KioskScreen.NEED
        assert not shopper.flow.session.asks_still_there


def test_who_has_chosen_already_goes_on(shopper: Shopper) -> None:
    shopper.flow.choose_need("repair", shopper.now)
    shopper.update(overrides=CLOSED)
    assert shopper.screen is KioskScreen.IDENTIFY
    assert shopper.join().need == "repair"


def test_at_closing_time_it_ends_without_a_message(shopper: Shopper) -> None:
    shopper.at = UNTIL
    said = OverridesRow(CLOSED.closed, AnnouncementRow({"en": "Cake"}, UNTIL))
    shopper.update(overrides=said)
    shopper.flow.choose_need("repair", shopper.now)
    assert shopper.screen is KioskScreen.IDENTIFY
    floor = shopper.flow.floor
    assert visit_progress.announcement(floor) == {}
    assert visit_progress.announcement(replace(floor, at=UNTIL - 1)) == {"en": "Cake"}


def test_a_shopper_who_was_not_found_is_not_offered_a_closed_need(shopper: Shopper) -> None:
    shopper.flow.choose_need("repair", shopper.now)
    shopper.join()
    shopper.update(row(state="no_show", rev=4, ended_at=AT))
    assert shopper.flow.may_return
    shopper.update(row(state="no_show", rev=4, ended_at=AT), overrides=CLOSED)
    assert not shopper.flow.may_return


def test_when_it_is_back_is_said_in_words() -> None:
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-18:00")
    store = replace(STORE, store=replace(STORE.store, hours=hours))
    english = Texts("en")

    def says(back: Back, days: int = 0, of=store) -> str:
        at = AT + days * DAY_MS
        return back_again(of, back.value, of.next_closing(at), at, english)

    weekdays = [store.local(AT + n * DAY_MS).strftime("%a") for n in range(7)]
    friday, tuesday = weekdays.index("Fri"), weekdays.index("Tue")
    assert says(Back.TODAY) == "We do this again later today."
    assert says(Back.UNKNOWN) == "We don’t know yet when we do this again."
    assert says(Back.NEXT_DAY, tuesday) == "We do this again tomorrow from 09:00."
    assert says(Back.NEXT_DAY, friday) == "We do this again on Monday from 09:00."
    assert says(Back.NEXT_DAY, of=replace(STORE, store=StoreInfo("x"))) == "We do this again tomorrow."
