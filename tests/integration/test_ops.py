"""An op from the tap through the disk to every screen that shows it."""

import threading

import pytest
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.events import Presence
from sync_server.domain.kiosk_step import KioskStep
from sync_server.domain.op_redaction import redact_op
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from sync_server.protocol import messages as msg
from sync_server.protocol.wire import encode
from sync_server.service.processing.opened_pages import count_opened_page
from sync_server.service.sync.router import RouterSocket

from .harness import come, do, visit_of


async def test_a_shopper_is_offered_to_one_employee_served_and_asked_how_it_was(house):
    kiosk, tom, kim = await house.crew("tom", "kim")
    visit_id = come(kiosk, "repair", alias="Robin", colour="red", place="door")
    offer = await house.until(lambda: (row := visit_of(tom, visit_id)) and row.state == "offered" and row)
    assert (offer.offer_to, offer.alias, offer.colour, offer.place) == ("tom", "Robin", "red", "door")
    await house.until(lambda: (row := visit_of(kim, visit_id)) and row.offer_to == "tom")

    do(tom, ops.Accept, visit_id)
    received = await house.until(lambda: (row := visit_of(kiosk, visit_id)) and row.employee and row)
    assert (received.state, received.employee) == ("accepted", "tom")
    assert kiosk.catalogue.employee("tom").name == "Tom"

    do(tom, ops.Start, visit_id)
    await house.until(lambda: visit_of(kiosk, visit_id).state == "serving")
    await house.until(lambda: kim.view.people["tom"].presence == "serving")
    do(tom, ops.Complete, visit_id, resolution=Resolution.SOLVED, tip="dry")
    await house.until(lambda: visit_of(kiosk, visit_id).state == "completed")
    await house.until(lambda: visit_id not in kim.view.visits)

    kiosk.submit(ops.Rate(visit_id, ces=5))
    await house.until(lambda: visit_of(kiosk, visit_id).rated and not kiosk.outbox.pending())
    with house.store() as db:
        row = db.execute(
            "SELECT state, employee, resolution, tip, ces, source, rev FROM visit_log"
        ).fetchone()
    assert row == ("completed", "tom", "solved", "dry", 5, "kiosk", 6)


async def test_a_session_at_the_kiosk_is_counted_once_and_leaves_no_record(house):
    kiosk, _ = await house.crew("tom")
    count = ops.CountSession(KioskStep.NEED, "identify", 3, 42)
    for _ in range(2):
        kiosk.submit(count)
    await house.until(lambda: not kiosk.outbox.pending())
    for _ in range(2):
        count_opened_page(house.server.processor, "f" * 32, "2026-03-02")
    come(kiosk, "repair", taps=4)
    await house.until(lambda: not kiosk.outbox.pending())
    with house.store() as db:
        assert db.execute("SELECT reached, last, taps, seconds, sessions FROM kiosk_sessions").fetchall() == [
            ("need", "identify", 3, 45, 2)
        ]
        assert db.execute("SELECT count(*) FROM opened_pages").fetchone() == (1,)
        assert db.execute("SELECT taps FROM visit_log").fetchall() == [(4,)]
        assert not db.execute("SELECT 1 FROM visit_events WHERE body LIKE '%identify%'").fetchall()


async def test_a_decline_reaches_the_next_tablet(house):
    kiosk, tom, maya = await house.crew("tom", "maya")
    visit_id = come(kiosk, "repair")
    first = await house.until(lambda: (row := visit_of(tom, visit_id)) and row.offer_to)
    asked, other = (tom, maya) if first == "tom" else (maya, tom)
    await house.until(lambda: visit_id in asked.view.visits)
    do(asked, ops.Decline, visit_id)
    await house.until(lambda: (row := visit_of(other, visit_id)) and row.offer_to not in (None, first))


async def test_several_kiosks_number_their_own_tickets_and_see_only_their_own_shoppers(house):
    files = [house.enrol("kiosk", f"Kiosk {n}") for n in range(3)]
    await house.open()
    kiosks = [house.device(file) for file in files]
    visits = [[come(kiosk) for _ in range(4)] for kiosk in kiosks]
    await house.until(lambda: not any(kiosk.outbox.pending() for kiosk in kiosks))
    for kiosk, own in zip(kiosks, visits, strict=True):
        await house.until(lambda kiosk=kiosk, own=own: sorted(kiosk.view.visits) == sorted(own))
        tickets = sorted(row.ticket for row in kiosk.view.visits.values())
        assert tickets == [f"{kiosk.file.letter}-{n}" for n in range(1, 5)]
    assert house.one("SELECT count(DISTINCT ticket) FROM visits") == 12


async def test_a_kiosk_gets_updates_of_its_shoppers_places_in_line(house):
    kiosk, tom = await house.crew("tom")
    first, second = come(kiosk, "repair"), come(kiosk, "repair")
    await house.until(lambda: (row := visit_of(kiosk, second)) and row.place_in_line == 2)
    assert visit_of(kiosk, second).high_s > 0
    await house.until(lambda: first in tom.view.visits and tom.view.visits[first].offer_to == "tom")
    do(tom, ops.Accept, first)
    await house.until(lambda: visit_of(kiosk, second).place_in_line == 1)


@pytest.mark.attack(
    "Every byte that a kiosk receives is searched",
    "none of it describes a shopper",
)
async def test_no_frame_to_a_kiosk_describes_any_shopper(house):
    files = [house.enrol("kiosk", "Front"), house.enrol("kiosk", "Back"), house.enrol("staff", "Tablet")]
    await house.open()
    front, back, tablet = (house.raw(file) for file in files)
    for raw in (front, back, tablet):
        await raw.hello()
    await tablet.send(msg.SignIn("1" * 32, "tom", "48151623"))
    await tablet.receive(msg.SignedIn)
    visit_id = "a" * 32
    op = ops.OpenVisit(visit_id, "A-1", "repair", "en", "Rumpelstiltskin", "purple", "door", 2, "L" * 22)
    await front.send(msg.Submit("2" * 32, 1, op))
    await front.receive(msg.Answer)
    steps: list[ops.DeviceOp] = [
        ops.Accept(visit_id, 2),
        ops.AddNote(visit_id, 3, "wears a tall hat"),
        ops.Start(visit_id, 4),
    ]
    for number, step in enumerate(steps, 3):
        await tablet.send(msg.Submit(f"{number:032x}", 1, step))
        assert (await tablet.receive(msg.Answer)).refusal is None
    for raw in (front, back):
        await raw.hello()  # everything sent before this has arrived then
    secrets = (b"Rumpelstiltskin", b"purple", b"tall hat", b"L" * 22)
    for raw in (front, back):
        assert not [secret for secret in secrets if secret in b" ".join(raw.seen)]
    assert visit_id.encode() not in b" ".join(back.seen)
    received = b" ".join(tablet.seen)
    assert [secret in received for secret in secrets] == [True, True, True, False]


# --- one op_id, at most one effect ------------------------------------------------------------------


@pytest.mark.attack(
    "An op is sent again without change",
    "the same answer, and no second effect",
)
async def test_the_same_op_again_gets_the_same_answer_and_has_no_second_effect(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    raw = house.raw(file)
    await raw.hello()
    done = msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, "A-1", "ask", "en"))
    refused = msg.Submit("2" * 32, 1, ops.OpenVisit("b" * 32, "A-1", "ask", "en"))
    expected = {done.op_id: None, refused.op_id: Refusal(Code.TICKET_TAKEN, "A-1")}
    for submit in (done, refused, done, refused, done):
        await raw.send(submit)
        answer = await raw.receive(msg.Answer)
        assert (answer.op_id, answer.refusal) == (submit.op_id, expected[submit.op_id])
    assert house.one("SELECT count(*) FROM visit_events") == 1
    assert house.one("SELECT count(*) FROM ops") == 2


@pytest.mark.attack(
    "An op_id is used again for another op",
    "refused; nothing happens",
)
async def test_the_same_op_id_with_another_op_is_refused_and_does_nothing(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    raw = house.raw(file)
    await raw.hello()
    await raw.send(msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, "A-1", "ask", "en")))
    await raw.receive(msg.Answer)
    await raw.send(msg.Submit("1" * 32, 1, ops.Cancel("a" * 32)))
    assert (await raw.receive(msg.Answer)).refusal == Refusal(Code.OP_ID_REUSED, "1" * 32)
    await raw.send(msg.Submit("1" * 32, 999, ops.OpenVisit("a" * 32, "A-1", "ask", "en")))
    assert (await raw.receive(msg.Answer)).refusal is None  # the device's clock is no part of the op
    assert house.one("SELECT state FROM visits") == "waiting"


@pytest.mark.fault(
    "A device removes the words from an op whose answer was lost, and repeats it",
    "the same answer as for the whole op",
)
async def test_an_op_that_is_repeated_without_its_words_is_the_same_op(house):
    """A device whose clock was set ahead removes words before it repeats an op whose answer was lost."""
    file = house.enrol("kiosk", "Front")
    await house.open()
    raw = house.raw(file)
    await raw.hello()
    robin = ops.OpenVisit("a" * 32, "A-1", "ask", "en", alias="Robin", colour="red", place="door")
    nowhere = ops.OpenVisit("b" * 32, "A-2", "ask", "en", alias="Kim", place="the moon")
    expected = {"1" * 32: None, "2" * 32: Refusal(Code.UNKNOWN_PLACE, "the moon")}
    for op_id, op in (("1" * 32, robin), ("2" * 32, nowhere)):
        for again in (op, redact_op(op)):
            await raw.send(msg.Submit(op_id, 1, again))
            answer = await raw.receive(msg.Answer)
            assert (answer.op_id, answer.refusal) == (op_id, expected[op_id])
    assert house.one("SELECT count(*) FROM visit_events") == 1
    await raw.send(msg.Submit("1" * 32, 1, replace(robin, ticket="A-3")))
    assert (await raw.receive(msg.Answer)).refusal == Refusal(Code.OP_ID_REUSED, "1" * 32)


@pytest.mark.fault(
    "An op is repeated after a restart of the server",
    "the same answer as before",
)
async def test_an_answer_given_before_a_restart_is_given_after_it(house):
    file = house.enrol("kiosk", "Front")
    await house.open()
    submit = msg.Submit("1" * 32, 1, ops.OpenVisit("a" * 32, "A-1", "ask", "en"))
    refused = msg.Submit("2" * 32, 1, ops.Cancel("f" * 32))
    received = []
    for _ in range(2):
        raw = house.raw(file)
        await raw.hello()
        for message in (submit, refused):
            await raw.send(message)
            received.append(await raw.receive(msg.Answer))
        await house.close_server()
        await house.open()
    assert received[:2] == received[2:]
    assert house.one("SELECT count(*) FROM visits") == 1


@pytest.mark.fault(
    "Two colleagues take the same visit at the same moment",
    "one gets it; the other is told who",
)
async def test_of_two_tablets_that_tap_at_once_exactly_one_wins(house):
    kiosk, tom, maya = await house.crew("tom", "maya")
    for _ in range(8):
        visit_id = come(kiosk, "repair")
        for tablet in (tom, maya):
            await house.until(lambda t=tablet, v=visit_id: v in t.view.visits and t.view.visits[v].rev == 2)
        house.answered.clear()
        for tablet in (tom, maya):  # before either gets the update of the other
            do(tablet, ops.Claim, visit_id)
        await house.until(lambda: not tom.outbox.pending() and not maya.outbox.pending())
        ((_, refusal),) = house.answered
        winner = house.one("SELECT employee FROM visits WHERE visit_id = ?", visit_id)
        assert refusal in (Refusal(Code.ALREADY_TAKEN, winner), Refusal(Code.STALE_REV, "3"))
        mine = tom if winner == "tom" else maya
        await house.until(lambda: mine.view.visits[visit_id].employee == winner)  # noqa: B023
        do(mine, ops.Start, visit_id)
        do(mine, ops.Complete, visit_id, resolution=Resolution.SOLVED)
        await house.until(lambda: not mine.outbox.pending())  # noqa: B023


async def test_a_stale_tap_is_refused(house):
    kiosk, tom = await house.crew("tom")
    visit_id = come(kiosk, "repair")
    await house.until(lambda: visit_id in tom.view.visits and tom.view.visits[visit_id].rev == 2)
    op_id = tom.submit(ops.Accept(visit_id, 1))
    await house.until(lambda: house.answered)
    assert house.answered == [(op_id, Refusal(Code.STALE_REV, "2"))]
    assert tom.outbox.refused()[0][1].code is Code.STALE_REV
    assert tom.outbox.pending() == []
    await house.until(lambda: tom.view.visits[visit_id].state == "offered")  # the op is not shown any more


# --- only once it is on disk ----------------------------------------------------------------------------


async def test_no_device_gets_an_update_before_the_op_is_on_disk(house, monkeypatch):
    """Invariant 1: while the writer is blocked, nothing that was done is sent."""
    kiosk, tom = await house.crew("tom")
    shop = house.server.processor
    sent, put, go = [], [], threading.Event()
    send, put_ = RouterSocket.send, shop.writer.put
    monkeypatch.setattr(RouterSocket, "send", lambda self, peer, m: sent.append(m) or send(self, peer, m))

    def note(batch):
        if batch.ops and not any(before.ops for before in put):
            sent.clear()  # what was sent until now had nothing to wait for
        put.append(batch)
        house.changed.set()
        put_(batch)

    monkeypatch.setattr(shop.writer, "put", note)
    holding = shop.writer.call(lambda _db: go.wait(30))
    try:
        visit_id = come(kiosk, "repair")
        await house.until(lambda: any(batch.ops for batch in put))
        await house.until(lambda: len(put) > 3)  # pings would be answered too if they did not wait behind it
        assert visit_id in shop.floor.visits
        assert sent == []
        assert house.one("SELECT count(*) FROM visits") == 0
        assert kiosk.outbox.pending()
        assert visit_id not in tom.view.visits
    finally:
        go.set()
    await holding
    await house.until(lambda: not kiosk.outbox.pending() and visit_id in tom.view.visits)
    assert [m for m in sent if b'"update"' in m]
    first = next(n for n, m in enumerate(sent) if b'"answer"' in m)
    assert any(visit_id.encode() in m for m in sent[:first])  # the update comes before the answer


async def test_whatever_was_answered_is_on_disk_at_that_moment(house):
    kiosk, tom = await house.crew("tom")
    missing = []

    def look(op_id: str) -> None:
        if house.one("SELECT count(*) FROM ops WHERE op_id = ?", op_id) != 1:
            missing.append(op_id)

    kiosk.on_answered = tom.on_answered = look
    for _ in range(30):
        come(kiosk, "repair")
    tom.submit(ops.SetPresence(Presence.ON_BREAK))
    tom.submit(ops.Accept("f" * 32, 1))  # a refusal is on disk as well
    await house.until(lambda: not kiosk.outbox.pending() and not tom.outbox.pending())
    assert missing == []
    assert house.one("SELECT count(*) FROM ops") == 32


@pytest.mark.attack(
    "A kiosk sends an op that only tablets may send, and a tablet one that only kiosks may send",
    "refused; nothing happens",
)
@pytest.mark.parametrize("kind", ["kiosk", "staff"])
async def test_a_device_can_send_only_the_ops_of_its_role(house, kind):
    file = house.enrol(kind, "Device")
    await house.open()
    raw = house.raw(file)
    await raw.hello()
    forbidden = ops.SetPresence(Presence.AVAILABLE) if kind == "kiosk" else ops.Cancel("a" * 32)
    await raw.send(msg.Submit("1" * 32, 1, forbidden))
    refusal = (await raw.receive(msg.Answer)).refusal
    assert refusal == Refusal(Code.NOT_ALLOWED, "set_presence" if kind == "kiosk" else "cancel")
    await raw.send_frames(b'{"type":"submit","op_id":"%s","at_device":1,"op":{"op":"sign_on",'
                  b'"employee":"tom","device_id":"device"}}' % (b"3" * 32))  # fmt: skip
    fault = await raw.receive(msg.Fault)
    assert fault.op_id == "3" * 32
    assert house.one("SELECT count(*) FROM visit_events") == 0


async def test_a_beat_has_the_number_of_the_last_update_that_was_sent_before_it(house):
    """A ping and an op are done in one unit of work: the update goes out before the beat."""
    kiosk = house.enrol("kiosk", "Front")
    server = await house.open()
    raw = house.raw(kiosk)
    await raw.hello()
    [session] = server.device_handler._sessions.by_peer.values()
    op = ops.OpenVisit("a" * 32, f"{kiosk.letter}-1", "ask", "en")
    server.device_handler._on_messages(
        [
            (session.peer, session.device, encode(message))
            for message in (msg.Ping(7), msg.Submit("1" * 32, 1, op))
        ]
    )
    update = await raw.receive(msg.Update)
    beat = await raw.receive(msg.Beat)
    assert (beat.n, beat.echo) == (update.n, 7)
