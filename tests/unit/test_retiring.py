"""A catalogue takes another one's place: what is in use is retired, until nothing uses it."""

from msgspec import UNSET
from msgspec.structs import replace

from sync_server.domain import ops
from sync_server.domain.catalogue.retiring import InUse, keep_used, lacking, retire
from sync_server.domain.events import Presence
from sync_server.domain.floor.in_use import in_use
from sync_server.domain.ops import SYSTEM, Actor, ActorKind
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.visit.visit import State
from tests.floor_harness import FloorHarness, kinds
from tests.sample_store import catalogue, text

SHOP = catalogue()


def without(**gone):
    """The sample store without these codes, and what is retired then."""
    lists = {
        table: tuple(x for x in getattr(SHOP, table) if getattr(x, "id", getattr(x, "code", "")) not in codes)
        for table, codes in gone.items()
    }
    return retire(SHOP, replace(SHOP, **lists))


def test_what_is_taken_out_is_found_and_not_offered():
    shop = without(needs=["buy"], employees=["maya"], places=["door"], tips=["dry"], gifts=["cable"])
    assert shop.need("buy").text == text("buy")
    assert not shop.offers("buy")
    assert shop.offers("ask")
    assert not shop.offers("advice")  # a group
    assert shop.employee("maya").name == "Maya"
    assert shop.employed("maya") is None
    assert shop.employed("tom") is not None
    assert (shop.place("door").code, shop.tip("dry").code, shop.gift("cable").cents) == ("door", "dry", 900)
    assert shop.needs_under(None) == tuple(n for n in SHOP.needs_under(None) if n.code != "buy")
    assert shop.wanted_skills("buy", 0) == {"sales"}


def test_nothing_is_retired_where_nothing_is_gone_and_what_is_back_is_so_no_more():
    assert retire(SHOP, catalogue()).retired is UNSET
    assert retire(without(needs=["buy"], employees=["maya"]), SHOP) == SHOP


def test_a_retired_need_wants_no_skill_that_the_store_has_no_more():
    fewer = replace(
        SHOP,
        skills=SHOP.skills[:1],
        needs=tuple(n for n in SHOP.needs if n.code not in ("buy", "repair_phone")),
    )
    shop = retire(SHOP, fewer)
    assert shop.wanted_skills("buy", 0) == frozenset()
    assert shop.wanted_skills("repair_phone", 0) == {"repair"}


def test_a_need_that_groups_others_now_is_retired_as_what_it_was():
    under = tuple(replace(n, under="ask") if n.code == "buy" else n for n in SHOP.needs)
    shop = retire(SHOP, replace(SHOP, needs=under))
    assert shop.need("ask") is not None
    assert not shop.offers("ask")
    assert [need.code for need in shop.needs_under("ask")] == ["buy"]


def test_it_stays_until_nothing_uses_it():
    shop = without(needs=["buy", "ask"], employees=["maya"], gifts=["cable"])
    used = InUse(needs=frozenset({"ask"}), gifts=frozenset({"cable", "lost"}))
    kept = keep_used(shop, used)
    assert [need.code for need in kept.retired_entries.needs] == ["ask"]
    assert [gift.code for gift in kept.retired_entries.gifts] == ["cable"]
    assert kept.employee("maya") is None
    assert keep_used(kept, used) is kept
    assert keep_used(kept, InUse()).retired is UNSET
    assert lacking(kept, used) == InUse(gifts=frozenset({"lost"}))


# --- on a floor ----------------------------------------------------------------------------------------


def taken_over(play: FloorHarness, shop):
    play.floor.use_catalogue(shop)
    return play.tick()


def test_a_retired_employee_finishes_the_visit_in_hand_and_gets_no_other():
    play = FloorHarness()
    play.sign_on("maya")
    visit = play.open_with("maya", "ask")
    assert kinds(taken_over(play, without(employees=["maya"]))) == []
    second = play.open("ask")
    assert play.no("maya", ops.Claim(second, 1)) == Refusal(Code.UNKNOWN_EMPLOYEE, "maya")
    play.complete("maya", visit)
    assert kinds(play.after(0)) == ["presence_changed"]
    assert play.person("maya").presence is Presence.OFF_FLOOR
    assert play.visit(second).state is State.WAITING
    assert play.no(SYSTEM, ops.SignOn("maya", "tablet-maya")).code is Code.UNKNOWN_EMPLOYEE
    assert in_use(play.floor).employees == {"maya"}  # the page of the visit still names her


def test_an_offer_to_a_retired_employee_goes_to_somebody_else():
    play = FloorHarness()
    play.sign_on("lea")
    visit = play.open("buy")
    play.sign_on("maya")
    assert play.visit(visit).offer_to == "lea"
    assert kinds(taken_over(play, without(employees=["lea"]))) == ["withdrawn", "presence_changed", "offered"]
    assert play.visit(visit).offer_to == "maya"


def test_who_waits_for_a_retired_need_is_served():
    play = FloorHarness()
    visit = play.open("buy", place="door")
    taken_over(play, without(needs=["buy"], places=["door"]))
    play.sign_on("lea")
    assert play.visit(visit).offer_to == "lea"
    # Who chose it just before may still join; nobody else may.
    assert play.open("buy") in play.floor.visits
    phone = Actor(ActorKind.API)
    assert play.no(phone, ops.OpenVisit(play.new_id(), "B-1", "buy", "en")).code is Code.UNKNOWN_NEED
    assert in_use(play.floor).needs == {"buy"}
    assert in_use(play.floor).places == {"door"}


def test_a_new_employee_a_new_skill_and_other_times_count_at_once():
    play = FloorHarness()
    play.sign_on("kim")
    visit = play.open("buy")
    assert play.visit(visit).state is State.WAITING
    kim = replace(SHOP.employees[3], skills=frozenset({"sales"}))
    times = replace(SHOP.times, offer_s=99, max_active=2)
    new = replace(SHOP.employees[0], id="zoe", name="Zoë")
    shop = replace(SHOP, employees=(*SHOP.employees[:3], kim, new), times=times)
    assert kinds(taken_over(play, shop)) == ["offered"]
    assert play.visit(visit).offer_until == play.clock.now + 99_000
    play.accept("kim", visit)
    second = play.open("buy")
    assert play.visit(second).offer_to == "kim"
    play.sign_on("zoe")


def test_priority_counts_by_the_new_credit():
    play = FloorHarness()
    first = play.open("ask")
    play.after(100)
    second = play.open("pick_up")  # of priority 2, worth 90 s each
    assert [visit.visit_id for visit in play.floor.line()] == [second, first]
    taken_over(play, replace(SHOP, times=replace(SHOP.times, credit_s=10)))
    assert [visit.visit_id for visit in play.floor.line()] == [first, second]


def test_who_left_the_store_leaves_the_floors_memory():
    play = FloorHarness()
    taken_over(play, without(employees=["kim"]))
    assert "kim" in play.floor.people
    taken_over(play, keep_used(play.floor.catalogue, in_use(play.floor)))
    assert "kim" not in play.floor.people
