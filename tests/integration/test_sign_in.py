"""An employee signs in on a tablet: the right PIN, a wrong one, and guessing."""

import asyncio
import threading

import pytest

from sync_server.device import sign_ins
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol import messages as msg
from sync_server.service.auth.checker import EMPLOYEE_POLICY

from .harness import GIVE_UP_S, PIN, come, do

WRONG = "99999999"


async def test_the_right_pin_gives_the_tablet_to_the_employee(house):
    kiosk, tom = await house.crew("tom")
    assert tom.view.holder(tom.file.device_id).presence == "available"
    assert house.one("SELECT body FROM visit_events WHERE event = 'presence_changed'").count('"tom"') == 1
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits)


async def test_a_wrong_pin_is_refused_and_changes_nothing(house):
    file = house.enrol("staff", "Tablet")
    await house.open()
    tablet = house.device(file)
    await house.until(lambda: tablet.live)
    answer = await tablet.sign_in("tom", WRONG)
    assert (answer.refusal, answer.wait_s) == (Refusal(Code.WRONG_PIN, ""), 0)
    assert tablet.view.holder(file.device_id) is None
    assert house.one("SELECT count(*) FROM visit_events") == 0


async def test_a_link_that_is_lost_ends_the_wait_for_the_answer(house, monkeypatch):
    monkeypatch.setattr(sign_ins, "SIGN_IN_S", 1e6)
    file = house.enrol("staff", "Tablet")
    await house.open()
    cable = await house.cable()
    tablet = house.device(file, cable)
    await house.until(lambda: tablet.live)
    cable.stall()
    async with asyncio.timeout(GIVE_UP_S):
        assert await tablet.sign_in("tom", PIN) is None


async def test_an_employee_without_a_pin_cannot_sign_in(house):
    file = house.enrol("staff", "Tablet")
    server = await house.open()
    await server.processor.writer.call(lambda db: db.execute("UPDATE employees SET pin_hash = NULL"))
    tablet = house.device(file)
    await house.until(lambda: tablet.live)
    assert (await tablet.sign_in("tom", PIN)).refusal == Refusal(Code.NO_PIN, "tom")
    assert (await tablet.sign_in("nobody", PIN)).refusal == Refusal(Code.UNKNOWN_EMPLOYEE, "nobody")


async def test_after_five_wrong_tries_even_the_right_pin_has_to_wait(house):
    file = house.enrol("staff", "Tablet")
    await house.open()
    tablet = house.device(file)
    await house.until(lambda: tablet.live)
    answers = [await tablet.sign_in("tom", WRONG) for _ in range(EMPLOYEE_POLICY.free)]
    assert [a.refusal.code for a in answers] == [Code.WRONG_PIN] * 4 + [Code.TOO_MANY_TRIES]
    assert answers[-1].wait_s == EMPLOYEE_POLICY.first_s
    answer = await tablet.sign_in("tom", PIN)
    assert answer.refusal.code is Code.TOO_MANY_TRIES
    assert 0 < answer.wait_s <= EMPLOYEE_POLICY.first_s
    assert (await tablet.sign_in("maya", PIN)).refusal is None  # others need not wait


@pytest.mark.attack(
    "Many PINs are guessed at the same time",
    "each guess counts, and then there is a pause",
)
async def test_guesses_sent_all_at_once_count_one_by_one(house):
    """No more of them are checked than if they came one after the other."""
    file = house.enrol("staff", "Tablet")
    await house.open()
    raw = house.raw(file)
    await raw.hello()
    guesses = [f"{number:04d}" for number in range(20)] + [PIN]
    for number, guess in enumerate(guesses):
        await raw.send(msg.SignIn(f"{number:032x}", "tom", guess))
    answers = [await raw.receive(msg.SignedIn) for _ in guesses]
    codes = [answer.refusal.code if answer.refusal else None for answer in answers]
    # Those that came while enough were being checked were put off unchecked.
    assert 1 <= codes.count(Code.WRONG_PIN) <= EMPLOYEE_POLICY.free - 1
    assert codes.count(Code.WRONG_PIN) + codes.count(Code.TOO_MANY_TRIES) == len(guesses)
    assert None not in codes


@pytest.mark.attack(
    "A sign-in is sent with a kiosk's key",
    "refused",
)
async def test_nobody_can_sign_in_on_a_kiosk(house):
    file = house.enrol("kiosk", "Front")
    server = await house.open()
    kiosk = house.device(file)
    await house.until(lambda: kiosk.live)
    for pin in (PIN, WRONG):  # and it does not reveal which PIN is right
        assert (await kiosk.sign_in("tom", pin)).refusal == Refusal(Code.NOT_ALLOWED, "kiosk")
    assert server.processor.floor.people["tom"].device_id is None


@pytest.mark.attack(
    "The disks of server and tablet are searched for the PIN",
    "neither contains it",
)
async def test_a_pin_is_written_down_nowhere(house):
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits)
    do(tom, ops.Accept, visit_id)
    await house.until(lambda: not tom.outbox.pending())
    assert (await tom.sign_in("tom", WRONG)).refusal.code is Code.WRONG_PIN
    await house.close_server()
    for device in list(house.devices):
        house.stop(device)
    files = [p for p in (*house.data_dir.path.rglob("*"), *house.work.rglob("*")) if p.is_file()]
    assert len(files) > 5
    assert not [p for p in files if PIN.encode() in p.read_bytes() or WRONG.encode() in p.read_bytes()]


async def test_a_sign_in_on_another_tablet_moves_the_visit(house):
    other = house.enrol("staff", "Spare")
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk)
    await house.until(lambda: visit_id in tom.view.visits)
    do(tom, ops.Accept, visit_id)
    spare = house.device(other)
    await house.sign_in(spare, "tom")
    await house.until(lambda: tom.view.holder(tom.file.device_id) is None)
    do(spare, ops.Start, visit_id)
    await house.until(lambda: spare.view.visits[visit_id].state == "serving" and not spare.outbox.pending())
    do(tom, ops.Hold, visit_id)
    await house.until(lambda: tom.outbox.refused())
    assert tom.outbox.refused()[0][1].code is Code.NOT_SIGNED_IN


async def test_a_sign_in_without_a_connection_fails_at_once(house):
    file = house.enrol("staff", "Tablet")
    tablet = house.device(file)
    assert await asyncio.wait_for(tablet.sign_in("tom", PIN), 5) is None
    assert tablet.outbox.pending() == []


async def test_a_sign_in_that_is_checked_during_recovery_is_put_off(house):
    """The PIN was right, but nothing may be done on an invalid floor."""
    file = house.enrol("staff", "Tablet")
    server = await house.open()
    raw = house.raw(file)
    await raw.hello()
    check_pin, go = server.credential_checker.check_pin, threading.Event()

    async def checked(*what):
        answer = await check_pin(*what)
        server.processor.writer.call(lambda _db: go.wait(30))
        server.processor.recovery.invalidate()
        return answer

    server.credential_checker.check_pin = checked
    await raw.send(msg.SignIn("1" * 32, "tom", PIN))
    reply = await raw.receive()
    go.set()
    assert isinstance(reply, msg.NotNow)
    await raw.receive(msg.Snapshot)
    assert server.processor.floor.people["tom"].device_id is None


async def test_a_sign_in_that_meets_a_fault_in_the_rules_is_not_answered_with_yes(house, monkeypatch):
    file = house.enrol("staff", "Tablet")
    server = await house.open()
    raw = house.raw(file)
    await raw.hello()

    def fails(*_what):
        raise RuntimeError("a fault in the rules")

    with monkeypatch.context() as broken:
        broken.setattr(server.processor.floor, "handle", fails)
        await raw.send(msg.SignIn("1" * 32, "tom", PIN))
        reply = await raw.receive(msg.NotNow)
    assert reply.reason
    assert not [m for m in raw.seen if b'"signed_in"' in m]
    await raw.receive(msg.Snapshot)  # the floor was read again
    await raw.send(msg.SignIn("2" * 32, "tom", PIN))
    assert (await raw.receive(msg.SignedIn)).refusal is None
    assert server.processor.floor.people["tom"].device_id == file.device_id
