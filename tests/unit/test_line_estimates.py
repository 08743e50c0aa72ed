"""The cached places and quotes are those computed from the whole floor each time."""

from math import inf
from statistics import mean

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.catalogue.catalogue import EVERYBODY, Employee
from sync_server.domain.events import Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.line_situation import LineSituation
from sync_server.domain.people import ON_THE_FLOOR
from sync_server.domain.queue.wait_estimate import History, quote
from sync_server.domain.visit.visit import IN_LINE
from tests.floor_harness import KIOSK, FloorHarness
from tests.sample_store import catalogue

# Each need takes another time, so that a mistaken one is noticed.
STORE = catalogue()
STORE = catalogue(
    needs=tuple(replace(n, target_service_s=100.0 + 31 * place) for place, n in enumerate(STORE.needs))
)
NEEDS = ("repair", "repair_phone", "buy", "ask", "pick_up")
PEOPLE = ("tom", "lea", "maya", "kim")

actions = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.sampled_from(NEEDS)),
        st.tuples(st.sampled_from(("sign_on", "serve", "leave")), st.sampled_from(PEOPLE)),
        st.tuples(st.sampled_from(("after", "cancel")), st.integers(0, 90)),
    ),
    max_size=25,
)


def do(play: FloorHarness, what: str, which) -> None:
    in_line = play.floor.line()
    if what == "open":
        play.open(which)
    elif what == "after":
        play.clock.after(20 + which)  # longer than a quote stands
        play.tick()
    elif what == "cancel" and in_line:
        play.yes(KIOSK, ops.Cancel(in_line[which % len(in_line)].visit_id))
    elif what == "sign_on":
        play.sign_on(which)
    elif what == "leave":
        play.handle(which, ops.SetPresence(Presence.ON_BREAK))
    elif what == "serve" and (offered := play.person(which).offer):
        play.accept(which, offered)
        play.start(which, offered)
    elif what == "serve" and (in_hand := play.person(which).active):
        play.complete(which, in_hand[0])


def wanted(play, code, ring, present):
    """The skills that a visit waits for: nobody waits for a preferred one that nobody has."""
    need = play.floor.catalogue.need(code)
    if ring == EVERYBODY:
        return set()
    rings = [set(need.wanted_skills(each)) for each in range(ring, need.rings)]
    return next((skills for skills in rings if any(skills <= own for own in present)), rings[-1])


def computed(play: FloorHarness, need, before):
    """The quote behind the visits `before`, computed from the whole floor."""
    catalogue, history, now = play.floor.catalogue, play.floor.history, play.floor.now
    people = [p for p in play.floor.people.values() if p.presence in ON_THE_FLOOR]

    def service_s(code):
        return history.service_s(code, catalogue.need(code).target_service_s)

    able = [p for p in people if set(need.skills) <= catalogue.employee(p.id).skills]
    present, skills = (
        [catalogue.employee(p.id).skills for p in people],
        [catalogue.employee(p.id).skills for p in able],
    )
    ahead = [v for v in before if any(wanted(play, v.need, v.ring, present) <= own for own in skills)]
    first = wanted(play, need.code, 0, present)
    takes_s = mean([service_s(v.need) for v in ahead] or [service_s(need.code)]) + catalogue.times.wrap_up_s
    idle = [p for p in able if not p.active and p.free_at <= now]
    recent_s = history.recent_wait_s(need.code, catalogue.day(now))
    situation = LineSituation(
        expected_s=round((len(ahead) + 1) * takes_s / max(1, len(able)), 1),
        ahead=len(ahead),
        able=len(able),
        free=sum(first <= catalogue.employee(p.id).skills for p in idle) > len(ahead),
        head_wait_s=max((now - v.arrived_at for v in ahead), default=0) / 1000,
        recent_wait_s=None if recent_s is None else round(recent_s, 1),
        idle_s=min((now - p.idle_since) / 1000 for p in idle) if idle else None,
        same_need=round(mean([v.need == need.code for v in ahead] or [0]), 3),
    )
    return situation if able else None


def quoted(play: FloorHarness, code, ahead=None):
    """What a quote follows from, read anew; the quote itself follows from it alone."""
    found = play.floor.quote(code, ahead)
    closing = play.floor.catalogue.next_closing(play.floor.now)
    open_s = (closing - play.floor.now) / 1000 if ahead is None else inf
    assert found is None or found == quote(code, found.situation, play.floor.history, open_s)
    return found and found.situation


def competing(play, need, before):
    """How many of those before wait for the employees who could serve this need; all if nobody could."""
    catalogue = play.floor.catalogue
    present = [
        catalogue.employee(p.id).skills for p in play.floor.people.values() if p.presence in ON_THE_FLOOR
    ]
    able = [skills for skills in present if set(need.skills) <= skills]
    if not able:
        return len(before)
    skills_wanted = [wanted(play, v.need, v.ring, present) for v in before]
    return sum(1 for skills in skills_wanted if any(skills <= employee for employee in able))


@settings(deadline=None)
@given(actions)
def test_places_and_quotes_are_those_computed_from_the_whole_floor(actions):
    play = FloorHarness(STORE)
    for what, which in actions:
        do(play, what, which)
        credit_ms, now = play.floor.catalogue.times.credit_s * 1000, play.clock.now
        in_line = [v for v in play.floor.open_visits() if v.state in IN_LINE]
        in_line.sort(key=lambda v: (-(now - v.arrived_at + v.priority * credit_ms), v.arrived_at))
        assert play.floor.line() == in_line
        for place, visit in enumerate(in_line):
            need = play.floor.catalogue.need(visit.need)
            assert play.floor.ahead_of(visit.visit_id) == place
            assert play.floor.competing_ahead(visit) == competing(play, need, in_line[:place])
            assert quoted(play, visit.need, place) == computed(play, need, in_line[:place])
        for code in NEEDS:
            need = play.floor.catalogue.need(code)
            own = play.floor.now - need.priority * credit_ms
            before = [v for v in in_line if v.arrived_at - v.priority * credit_ms <= own]
            assert quoted(play, code) == computed(play, need, before)


def test_a_visit_whose_need_left_the_catalogue_counts_with_a_usual_service_time():
    play = FloorHarness()
    play.sign_on("kim")
    play.open_with("kim", "ask")
    play.open("pick_up")
    needs = tuple(replace(n, target_service_s=60.0) for n in play.catalogue.needs if n.code != "pick_up")
    later = Floor.replay(catalogue(needs=needs), play.records)
    assert [v.need for v in later.line()] == ["pick_up"]
    assert later.quote("ask").situation.expected_s == 2 * 245


# --- what a quote follows from, figure by figure --------------------------------------------------------


def situation(play: FloorHarness, code: str, ahead: int | None = None) -> LineSituation:
    return play.floor.quote(code, ahead).situation


def test_a_floor_on_which_nobody_waits():
    play = FloorHarness(STORE)
    play.sign_on("tom", "lea")
    served = play.open("repair")
    play.clock.now += 12_349
    play.accept("tom", served)
    play.sign_on("maya")
    play.start("tom", served)
    play.clock.after(144)
    play.complete("tom", served)
    play.clock.now += 20_149
    play.tick()
    takes_s = (144 + 10 * 100) / 11 + STORE.times.wrap_up_s
    assert situation(play, "repair") == LineSituation(
        round(takes_s / 2, 1), ahead=0, able=2, free=True, recent_wait_s=12.3, idle_s=20.1
    ), "tom has had nothing to do for 20.1 s, maya for longer"
    assert situation(play, "buy").recent_wait_s is None
    play.clock.after(86_400)
    play.tick()
    play.sign_on("maya")
    assert situation(play, "repair") == LineSituation(
        round(takes_s, 1), ahead=0, able=1, free=True, idle_s=0.0
    ), "the waits of the day before say nothing of today's"


def test_a_line_for_busy_employees():
    play = FloorHarness(STORE)
    play.sign_on("tom", "lea")
    play.open_with("tom", "repair")
    play.open_with("lea", "buy")
    for code in ("repair", "buy", "repair_phone", "repair"):
        play.clock.now += 10_057
        play.open(code)
    repair_s, phone_s, buy_s = (
        play.catalogue.need(c).target_service_s for c in ("repair", "repair_phone", "buy")
    )
    wrap_up_s = STORE.times.wrap_up_s
    # Tom can do what lea cannot: nobody has all that repair_phone prefers, so it waits for tom as well.
    assert situation(play, "repair") == LineSituation(
        round(4 * ((2 * repair_s + phone_s) / 3 + wrap_up_s), 1),
        ahead=3, able=1, head_wait_s=30.2, recent_wait_s=0.0, same_need=0.667,
    )  # fmt: skip
    assert situation(play, "repair", 1) == LineSituation(
        2 * (repair_s + wrap_up_s), ahead=1, able=1, head_wait_s=30.2, recent_wait_s=0.0, same_need=1.0
    )
    assert situation(play, "repair", 3) == LineSituation(
        round(3 * ((repair_s + phone_s) / 2 + wrap_up_s), 1),
        ahead=2, able=1, head_wait_s=30.2, recent_wait_s=0.0, same_need=0.5,
    )  # fmt: skip
    assert situation(play, "buy") == LineSituation(
        2 * (buy_s + wrap_up_s), ahead=1, able=1, head_wait_s=20.1, recent_wait_s=0.0, same_need=1.0
    )
    assert situation(play, "ask") == LineSituation(
        round(5 * ((2 * repair_s + phone_s + buy_s) / 4 + wrap_up_s) / 2, 1),
        ahead=4, able=2, head_wait_s=30.2, same_need=0.0,
    )  # fmt: skip
    assert situation(play, "ask", 0) == LineSituation(
        round((play.catalogue.need("ask").target_service_s + wrap_up_s) / 2, 1), able=2
    )
    assert [play.floor.competing_ahead(visit) for visit in play.floor.line()] == [0, 0, 1, 2]


def test_somebody_is_free_if_more_than_those_ahead_have_nothing_to_do_and_are_asked_first():
    play = FloorHarness(STORE)
    play.sign_on("maya", "tom")
    assert situation(play, "repair").free
    assert situation(play, "repair_phone").free
    play.yes("maya", ops.SetPresence(Presence.ON_BREAK))
    assert situation(play, "repair_phone").free, "nobody on the floor has what it prefers"
    play.yes("maya", ops.SetPresence(Presence.AVAILABLE))
    play.yes("tom", ops.SetPresence(Presence.ON_BREAK))
    play.open("repair_phone")
    assert play.floor.line()[0].offer_to == "maya"
    play.yes("tom", ops.SetPresence(Presence.AVAILABLE))
    assert situation(play, "repair").free, "tom, while maya is asked for the visit ahead"
    assert not situation(play, "repair_phone").free, "tom is asked only when the search widens"


def test_who_has_only_some_of_the_preferred_skills_is_not_asked_first():
    sam = Employee("sam", "Sam", frozenset({"repair", "phone"}))
    play = FloorHarness(catalogue(employees=(*STORE.employees, sam)))
    play.sign_on("maya", "sam")
    play.open_with("maya", "buy")
    assert situation(play, "repair").free
    assert not situation(play, "repair_phone").free, "maya has all three skills, and is busy"


def test_a_quote_is_corrected_by_the_waits_of_its_own_need():
    history = History()
    line = LineSituation(300.0, ahead=1, able=1, head_wait_s=30.0)
    for _ in range(40):
        history.add_wait("repair", "2026-03-02", line, 1_200.0)
        history.add_wait("repair_phone", "2026-03-02", line, 60.0)
    play = FloorHarness(STORE)
    play.floor = Floor(STORE, history)
    play.sign_on("tom")
    play.open_with("tom", "repair")
    assert play.floor.quote("repair", 0).median_s > 2 * play.floor.quote("repair_phone", 0).median_s


def test_quotes_are_made_anew_after_twenty_seconds_and_when_a_pause_ends():
    play = FloorHarness(STORE)
    play.sign_on("tom")
    visit_id = play.open_with("tom", "repair")
    play.clock.after(60)
    play.complete("tom", visit_id)
    assert not situation(play, "repair").free, "tom has a pause"
    for later_ms, free in ((4_999, False), (5_000, True)):
        play.floor._advance(play.clock.now + later_ms)
        assert situation(play, "repair").free is free
    idle_s = situation(play, "repair").idle_s
    assert idle_s == 5.0
    for later_ms, read in ((24_999, 5.0), (25_000, 25.0)):
        play.floor._advance(play.clock.now + later_ms)
        assert situation(play, "repair").idle_s == read
