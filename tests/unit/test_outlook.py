"""What those in line can expect is what anybody reckons who looks at the whole floor each time."""

from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from sync_server.domain import ops
from sync_server.domain.people import ON_THE_FLOOR
from sync_server.domain.visit import IN_LINE
from sync_server.domain.wait import quote
from tests.shop import KIOSK, Play

NEEDS = ("repair", "repair_phone", "buy", "ask", "pick_up")
PEOPLE = ("tom", "lea", "maya", "kim")

doings = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.sampled_from(NEEDS)),
        st.tuples(st.sampled_from(("sign_on", "serve", "leave")), st.sampled_from(PEOPLE)),
        st.tuples(st.sampled_from(("after", "cancel")), st.integers(0, 90)),
    ),
    max_size=25,
)


def do(play: Play, what: str, which) -> None:
    in_line = play.floor.line()
    if what == "open":
        play.open(which)
    elif what == "after":
        play.after(which)
    elif what == "cancel" and in_line:
        play.yes(KIOSK, ops.Cancel(in_line[which % len(in_line)].visit_id))
    elif what == "sign_on":
        play.sign_on(which)
    elif what == "leave":
        play.handle(which, ops.SetPresence("on_break"))
    elif what == "serve" and (offered := play.person(which).offer):
        play.accept(which, offered)
        play.start(which, offered)
    elif what == "serve" and (in_hand := play.person(which).active):
        play.complete(which, in_hand[0])


def reckoned(play: Play, need, before):
    """The bracket behind those `before`, looked at one by one."""
    catalogue, history, people = play.floor.catalogue, play.floor.history, play.floor.people.values()

    def service_s(code):
        return history.service_s(code, catalogue.need(code).target_service_s)

    present = [catalogue.employee(p.id).skills for p in people if p.presence in ON_THE_FLOOR]
    able = [skills for skills in present if set(need.skills) <= skills]
    rivals = [v for v in before if any(catalogue.need(v.need).wanted(v.ring) <= skills for skills in able)]
    takes = median([service_s(v.need) for v in rivals] or [service_s(need.code)])
    return quote(len(rivals), takes, len(able), history)


@given(doings)
def test_each_hears_what_follows_from_those_before_them(doings):
    play = Play()
    for what, which in doings:
        do(play, what, which)
        credit_ms, now = play.floor.catalogue.times.credit_s * 1000, play.clock.now
        in_line = [v for v in play.floor.open_visits() if v.state in IN_LINE]
        in_line.sort(key=lambda v: (-(now - v.arrived_at + v.priority * credit_ms), v.arrived_at))
        assert play.floor.line() == in_line
        for place, visit in enumerate(in_line):
            need = play.floor.catalogue.need(visit.need)
            assert play.floor.ahead_of(visit.visit_id) == place
            assert play.floor.quote(visit.need, place) == reckoned(play, need, in_line[:place])
        for code in NEEDS:
            assert play.floor.quote(code) == reckoned(play, play.floor.catalogue.need(code), in_line)
