"""Simulated days with a new seed each time. The seed is printed, so that a violation can be repeated."""

import json
import secrets
from dataclasses import replace

import pytest
from click.testing import CliRunner

from sync_server.cli import main
from sync_server.device.device import Device
from sync_server.simulation.days import runner
from sync_server.simulation.days.plan import Plan
from sync_server.simulation.days.runner import run_plan, simulate
from sync_server.simulation.days.script import ITEMS_A_DAY, script
from sync_server.simulation.days.shrink import items_of, shortest, story

DAYS = 30
EARLY = frozenset(range(400))  # the first things of a day


def test_thirty_days_with_faults_break_nothing(capsys):
    seed = secrets.randbelow(1_000_000)
    with capsys.disabled():
        print(f"\nwelkom simulate --days {DAYS} --seed {seed} --faults")
    result = simulate(DAYS, seed)
    lines = [line for outcome in result.found[:1] for line in story(shortest(outcome, 20))]
    assert result.violations == 0, "\n".join(lines)
    assert result.days == DAYS
    assert (result.lost_acknowledged, result.duplicate_effects, result.diverged) == (0, 0, 0)
    assert result.visits > 100 * DAYS
    assert result.kills > 5 * DAYS
    assert result.cuts > 5 * DAYS


def test_the_same_seed_gives_the_same_days_on_one_core_as_on_two(monkeypatch):
    monkeypatch.setattr(runner, "DAYS_A_SHOP", 1)

    def figures(processes: int) -> tuple[int, ...]:
        result = simulate(2, 5, processes=processes)
        return result.visits, result.ops, result.kills, result.cuts

    assert figures(1) == figures(2)


def test_leaving_one_thing_out_leaves_all_others_as_they_are():
    everything = script("1/0", 3, faults=True)
    without = [item for item in everything if item.kind not in ("cut", "glance")]
    again = {item.number: item for item in script("1/0", 3, faults=True)}
    assert all(again[item.number] == item for item in without)
    assert everything[0].number == 3 * ITEMS_A_DAY


def test_a_story_is_made_short_and_ends_with_the_command_that_repeats_it(monkeypatch):
    original = Device.submit

    def submit(self, op):
        op_id = original(self, op)
        self.outbox.settle(op_id)
        return op_id

    monkeypatch.setattr(Device, "submit", submit)
    found = run_plan(Plan(3, 0, 1, keep=EARLY))
    assert found.violation is not None
    assert found.violation.invariant == 13
    short = shortest(found, 20)
    assert len(short.items) < 5 < len(found.items)
    *_, command = story(short)
    runner = CliRunner()
    again = runner.invoke(main, [*command.split()[1:], "--json"])
    assert again.exit_code == 1
    assert "invariant 13" in again.output
    assert json.loads(again.output.splitlines()[-1])["violations"] == 1


def test_days_without_a_fault_end_with_code_0_and_figures():
    ran = CliRunner().invoke(
        main, ["simulate", "--days", "1", "--seed", "1", "--shop", "0", "--keep", "0-300", "--json"]
    )
    assert ran.exit_code == 0
    figures = json.loads(ran.output.splitlines()[-1])
    assert list(figures) == [
        "days", "visits", "ops", "kills", "cuts", "violations", "lost_acknowledged", "duplicate_effects",
        "diverged", "seconds",
    ]  # fmt: skip
    assert (figures["days"], figures["kills"], figures["violations"]) == (1, 0, 0)


@pytest.mark.parametrize("keep", ["", "x", "3,", "1-b"])
def test_keep_that_is_no_list_of_numbers_is_refused(keep):
    ran = CliRunner().invoke(main, ["simulate", "--days", "1", "--shop", "0", "--keep", keep])
    assert ran.exit_code == 1
    assert "--keep: numbers with commas between them" in ran.output


def test_items_are_written_as_ranges():
    assert items_of("3,7-9") == {3, 7, 8, 9}


def test_order_never_depends_on_a_devices_clock():
    plan = Plan(8, 0, 1, faults=False, keep=EARLY)
    right = run_plan(plan)
    wrong = run_plan(replace(plan, clock_error_ms=5 * 3_600_000))
    assert right.log == wrong.log != ()


def test_a_server_that_starts_on_a_full_disk_may_wait_for_its_devices_first():
    keep = frozenset({873, 883, 924, 950, 952, 957, 959})  # the server is killed, and its disk is full
    assert run_plan(Plan(6013, 0, 1, keep=keep)).violation is None
