"""The settings are changed while the shop is open, with visits in line and in hand."""

import pytest

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.visit.visit import State
from sync_server.service.settings.settings_document import SettingsDocument
from sync_server.service.settings.settings_file import SettingsChanged
from sync_server.service.settings.settings_history import BuiltUpon

from .harness import come, do, visit_of


async def change(house, edit, by="anna"):
    live = house.server.live_settings
    return await live.change(edit, live.current.version, by)


async def accepted(house, kiosk, tablet, need):
    """A visit with this need that the employee of the tablet has accepted."""
    visit = come(kiosk, need)
    await house.until(lambda: (row := visit_of(tablet, visit)) and row.offer_to)
    do(tablet, ops.Accept, visit)
    await house.until(lambda: visit_of(tablet, visit).state == State.ACCEPTED and not tablet.outbox.pending())
    return visit


async def test_a_change_reaches_every_device_while_it_goes_on(house):
    kiosk, maya = await house.crew("maya")
    visit = await accepted(house, kiosk, maya, "ask")
    edit = lambda d: (d.set("needs.ask.text.en", "Ask us"), d.set("store.name", "Corner"))  # noqa: E731
    connections = [session.peer for session in house.server.sessions.by_peer.values()]
    saved = await change(house, edit)
    assert saved.at_next_start == ()
    for device in (kiosk, maya):
        await house.until(lambda device=device: device.catalogue.store.name == "Corner")
        assert device.catalogue.need("ask").text["en"] == "Ask us"
    assert [session.peer for session in house.server.sessions.by_peer.values()] == connections
    await house.until(lambda: house.agrees(kiosk) and house.agrees(maya))
    assert visit_of(kiosk, visit).employee == "maya"
    assert house.server.settings.store.name == "Corner"
    assert house.one("SELECT text FROM needs WHERE code = 'ask'").count("Ask us") == 1
    # What the ports and the pages are made of waits for a start, and says so.
    saved = await change(house, lambda d: d.set("server.announce", True))
    assert saved.at_next_start == ("server.announce",)


async def test_a_need_and_an_employee_in_use_are_retired(house):
    kiosk, maya = await house.crew("maya")
    visit = await accepted(house, kiosk, maya, "buy")

    def without(document):
        document.remove("needs", "buy")
        document.remove("employees", "maya")
        document.set("employees.kim.skills", ["repair"])

    await change(house, without)
    await house.until(lambda: not kiosk.catalogue.offers("buy"))
    assert kiosk.catalogue.need("buy") is not None  # the ticket goes on saying what it is for
    assert kiosk.catalogue.employee("maya").name == "Maya"
    assert maya.catalogue.employed("maya") is None
    do(maya, ops.Start, visit)
    await house.until(lambda: visit_of(maya, visit).state == State.SERVING)
    second = come(kiosk, "ask")
    await house.until(lambda: visit_of(maya, second))
    do(maya, ops.Complete, visit, resolution="solved")
    await house.until(lambda: maya.view.people["maya"].presence == Presence.OFF_FLOOR)
    assert visit_of(maya, second).state == State.WAITING
    assert (await maya.sign_in("maya", "48151623")).refusal is not None
    await house.until(lambda: house.agrees(kiosk) and house.agrees(maya))


async def test_what_was_taken_out_while_no_server_ran_is_retired_too(house):
    kiosk, maya = await house.crew("maya")
    visit = await accepted(house, kiosk, maya, "ask")
    await house.close_server()
    document = SettingsDocument(house.data_dir.settings.read_text("utf-8"))
    document.remove("employees", "maya")
    document.remove("needs", "ask")
    document.set("employees.tom.skills", ["repair", "sales"])
    house.data_dir.settings.write_text(document.text, "utf-8")
    await house.open()
    await house.until(lambda: maya.live and not maya.catalogue.offers("ask"))
    assert maya.catalogue.need("ask") is not None
    await house.until(lambda: house.agrees(maya))
    assert visit_of(maya, visit).employee == "maya"


async def test_a_change_by_hand_is_noticed_and_an_unreadable_file_is_said(house):
    await house.open()
    live, path = house.server.live_settings, house.data_dir.settings
    text = path.read_text("utf-8")
    path.write_text(text.replace('name = "Test shop"', 'name = "By hand"'), "utf-8")
    await live.look()
    assert house.server.settings.store.name == "By hand"
    path.write_text("[store", "utf-8")
    await live.look()
    assert live.problem is not None
    assert house.server.settings.store.name == "By hand"
    path.write_text(text, "utf-8")
    await live.look()
    assert live.problem is None
    assert [(saved.by, saved.n) for saved in await live.history()] == [("", 3), ("", 2), ("", 1)]


async def test_the_second_of_two_managers_is_shown_what_the_first_did(house):
    await house.open()
    live = house.server.live_settings
    opened = live.current.version
    await live.change(lambda d: d.set("store.name", "First"), opened, "anna")
    with pytest.raises(SettingsChanged) as error:
        await live.change(lambda d: d.set("times.offer_s", 20), opened, "bert")
    assert error.value.now.by == "anna"
    assert '+name = "First"' in error.value.difference
    assert live.current.settings.times.offer_s == 15


async def test_a_change_is_taken_back_unless_it_was_built_upon(house):
    await house.open()
    live = house.server.live_settings
    await change(house, lambda d: d.set("store.name", "Two"))
    await change(house, lambda d: d.set("times.offer_s", 20))
    await live.undo(2, "bert")
    assert live.current.settings.store.name == "Test shop"
    assert live.current.settings.times.offer_s == 20
    assert (await live.history())[0].by == "bert"
    await change(house, lambda d: d.set("times.offer_s", 25))
    with pytest.raises(BuiltUpon) as error:
        await live.undo(3, "bert")
    assert error.value.keys == ["times.offer_s"]
