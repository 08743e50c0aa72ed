"""The smallest team of people with several skills."""

import pytest

from sync_server.domain.staffing.erlang_a import greeted_share, people_needed
from sync_server.domain.staffing.team import (
    UNEVEN,
    Demand,
    Patience,
    VisitKind,
    demands,
    greeted,
    shared_load,
    smallest_team,
)

PATIENCE = Patience(1 / 900, 50.0)
SALES, REPAIR, BOTH = frozenset({"sales"}), frozenset({"repair"}), frozenset({"sales", "repair"})
SELL = VisitKind("sales", (SALES,), 1.0, 240.0)
MEND = VisitKind("repair", (REPAIR,), 1.0, 300.0)
PHONES = VisitKind("sales", (SALES | {"phones"}, SALES), 0.5, 400.0)


def per_half_hour(visits: float) -> float:
    return visits / 1800


@pytest.mark.parametrize("visits", [0.5, 4, 12, 40])
def test_people_with_one_skill_are_those_of_the_formula(visits):
    wanted = [Demand(SELL, per_half_hour(visits))]
    team = smallest_team(wanted, [REPAIR, SALES], PATIENCE, 0.8)
    needed = people_needed(per_half_hour(visits), 240.0, PATIENCE.leave_per_s, PATIENCE.within_s, 0.8)
    assert team == [SALES] * needed


def test_people_who_can_do_everything_are_one_pool():
    wanted = [Demand(SELL, per_half_hour(6)), Demand(MEND, per_half_hour(6))]
    shares = greeted(wanted, [BOTH] * 3, PATIENCE)
    pooled = greeted_share(3, per_half_hour(12), 270.0, PATIENCE.leave_per_s, PATIENCE.within_s)
    assert shares == pytest.approx([pooled, pooled])
    assert greeted(wanted, [SALES, REPAIR], PATIENCE)[0] == pytest.approx(
        greeted_share(1, per_half_hour(6), 240.0, PATIENCE.leave_per_s, PATIENCE.within_s)
    )


def test_somebody_who_is_busy_with_other_things_is_not_enough():
    mend = [Demand(MEND, per_half_hour(2))]
    alone = len(smallest_team(mend, [BOTH], PATIENCE, 0.8))
    together = smallest_team([*mend, Demand(SELL, per_half_hour(10))], [BOTH], PATIENCE, 0.8)
    assert len(together) > alone
    wanted = [*mend, Demand(SELL, per_half_hour(10))]
    assert shared_load(wanted, together, "repair") == pytest.approx(10 * 240 / 1800 / len(together))
    assert shared_load(wanted, together, "coaching") == 0


@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_a_team_greets_the_share_and_nobody_of_it_can_be_spared(share):
    wanted = [
        Demand(SELL, per_half_hour(9)),
        Demand(MEND, per_half_hour(4)),
        Demand(PHONES, per_half_hour(2)),
    ]
    people = [BOTH, SALES | {"phones"}, REPAIR]
    team = smallest_team(wanted, people, PATIENCE, share)
    assert set(team) <= set(people)

    def reached(team: list[frozenset[str]]) -> bool:
        shares = dict(zip(wanted, greeted(wanted, team, PATIENCE), strict=True))
        total = sum(one.per_s * shares[one] for one in wanted) / sum(one.per_s for one in wanted)
        sales = [one for one in wanted if one.kind.skill == "sales"]
        of_sales = sum(one.per_s * shares[one] for one in sales) / sum(one.per_s for one in sales)
        lowest = share - UNEVEN - 1e-9
        return total >= share - 1e-9 and of_sales >= lowest and shares[wanted[1]] >= lowest

    assert reached(team)
    for at in range(len(team)):
        assert not reached(team[:at] + team[at + 1 :])


def test_preferred_skills_hold_back_only_where_somebody_has_them():
    wanted = [Demand(PHONES, per_half_hour(2))]
    assert (
        greeted(wanted, [SALES, SALES], PATIENCE)
        == greeted([Demand(SELL, 0), *wanted], [SALES] * 2, PATIENCE)[1:]
    )
    with_phones = greeted(wanted, [SALES | {"phones"}, SALES], PATIENCE)
    assert with_phones < greeted(wanted, [SALES, SALES], PATIENCE)


def test_what_nobody_can_do_and_what_nobody_wants_needs_nobody():
    assert smallest_team([Demand(MEND, per_half_hour(5))], [SALES], PATIENCE, 0.8) == []
    assert smallest_team([], [SALES], PATIENCE, 0.8) == []
    assert demands([SELL, PHONES], {"repair": 1.0}) == []
    assert [one.per_s for one in demands([SELL, PHONES], {"sales": 2.0})] == [2.0, 1.0]
