"""The settings change while a shopper is at the kiosk: what they do goes on."""

from msgspec.structs import replace

from kiosk.session.session import KioskScreen
from sync_server.domain.catalogue.catalogue import Need
from sync_server.domain.catalogue.retiring import retire

from .shopper import AT, STORE, Shopper, row, text


def without(*codes: str):
    return retire(STORE, replace(STORE, needs=tuple(n for n in STORE.needs if n.code not in codes)))


def test_a_shopper_who_has_chosen_a_need_joins_with_it(shopper: Shopper) -> None:
    shopper.update()
    shopper.flow.choose_need("repair", shopper.now)
    shopper.update(catalogue=without("repair"))
    assert shopper.screen is KioskScreen.IDENTIFY
    op = shopper.join()
    assert shopper.screen is KioskScreen.LINE
    assert op is not None


def test_a_need_that_is_gone_is_offered_no_more(shopper: Shopper) -> None:
    shopper.update(catalogue=without("repair"))
    assert [need.code for need in shopper.flow.needs] == ["more"]
    added = Need("new", text("New"), "bulb")
    shopper.update(catalogue=replace(STORE, needs=(*STORE.needs, added)))
    assert [need.code for need in shopper.flow.needs] == ["repair", "more", "new"]


def test_the_page_of_a_group_that_is_gone_goes_back_to_the_first(shopper: Shopper) -> None:
    shopper.update()
    shopper.flow.choose_need("more", shopper.now)
    assert shopper.screen is KioskScreen.NEED_GROUP
    shopper.update(catalogue=without("more", "lost"))
    assert shopper.screen is KioskScreen.NEED


def test_who_was_not_found_may_not_return_for_a_need_that_is_gone(shopper: Shopper) -> None:
    shopper.update()
    shopper.flow.choose_need("repair", shopper.now)
    shopper.join()
    lost = row(state="no_show", rev=4, ended_at=AT)
    shopper.update(lost)
    assert shopper.flow.may_return
    shopper.update(lost, catalogue=without("repair"))
    assert not shopper.flow.may_return


def test_a_language_that_is_gone_ends_no_session(shopper: Shopper) -> None:
    shopper.update()
    shopper.flow.set_language("fi", shopper.now)
    shopper.flow.choose_need("repair", shopper.now)
    shopper.join()
    shopper.update(row(), catalogue=replace(STORE, store=replace(STORE.store, languages=("nl", "en"))))
    assert (shopper.screen, shopper.flow.session.language) == (KioskScreen.LINE, "nl")
