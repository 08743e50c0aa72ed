"""An employee who is with a shopper asks for help, and somebody answers."""

import pytest

from sync_server.domain import events as ev
from sync_server.domain import ops
from sync_server.domain.alerts import Alert, AlertCode, find_alerts
from sync_server.domain.floor.floor import Floor
from sync_server.domain.ops import Actor, ActorKind
from sync_server.domain.people import Help
from sync_server.domain.refusal import Code, Refusal
from sync_server.domain.resolution import Resolution
from tests.floor_harness import FloorHarness

ANNA = Actor(ActorKind.MANAGER, account="anna")


@pytest.fixture
def play() -> FloorHarness:
    play = FloorHarness()
    play.sign_on("tom", "lea", "kim")
    return play


def asks(play: FloorHarness) -> str:
    """Tom asks for help with a visit; its id."""
    visit_id = play.open_with("tom", "repair")
    play.yes("tom", ops.AskForHelp(visit_id, play.visit(visit_id).rev))
    return visit_id


def alerts(play: FloorHarness) -> list[Alert]:
    found = find_alerts(play.floor, [], None, play.clock.now)
    return [alert for alert in found if alert.code is AlertCode.HELP_WANTED]


def test_it_is_an_alert_until_the_same_tap_takes_it_back(play: FloorHarness):
    visit_id = asks(play)
    assert play.person("tom").help == Help(visit_id, play.clock.now)
    assert alerts(play) == [Alert(AlertCode.HELP_WANTED, visit_id, play.clock.now)]
    play.yes("tom", ops.AskForHelp(visit_id, play.visit(visit_id).rev, wanted=False))
    assert play.person("tom").help is None
    assert alerts(play) == []


def test_the_first_colleague_who_answers_goes(play: FloorHarness):
    visit_id = asks(play)
    rev = play.visit(visit_id).rev
    assert play.no("tom", ops.AnswerHelp(visit_id)).code is Code.WRONG_STATE
    play.yes("lea", ops.AnswerHelp(visit_id))
    assert play.person("tom").help == Help(visit_id, play.clock.now, "lea")
    assert alerts(play) == []
    assert play.no("kim", ops.AnswerHelp(visit_id)) == Refusal(Code.ALREADY_TAKEN, "lea")
    assert play.no(ANNA, ops.AnswerHelp(visit_id)).code is Code.ALREADY_TAKEN
    # Whoever asked goes on with the rev that they know, perhaps without a connection.
    play.yes("tom", ops.Complete(visit_id, rev, Resolution.SOLVED))
    assert play.no("kim", ops.AnswerHelp(visit_id)) == Refusal(Code.WRONG_STATE, "completed")


def test_the_manager_sees_to_it(play: FloorHarness):
    visit_id = asks(play)
    play.yes(ANNA, ops.AnswerHelp(visit_id))
    assert play.person("tom").help == Help(visit_id, play.clock.now, "")
    assert alerts(play) == []
    assert play.no("lea", ops.AnswerHelp(visit_id)) == Refusal(Code.WRONG_STATE, "serving")


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize(
    "end", [lambda v, r: ops.Complete(v, r, Resolution.SOLVED), ops.Hold, ops.HandOver, ops.Remove]
)
def test_it_ends_with_the_service(play: FloorHarness, end, answered):
    visit_id = asks(play)
    if answered:
        play.yes("lea", ops.AnswerHelp(visit_id))
    play.yes("tom", end(visit_id, play.visit(visit_id).rev))
    assert play.person("tom").help is None
    assert alerts(play) == []


def test_help_with_another_visit_goes_on(play: FloorHarness):
    visit_id = asks(play)
    other = play.open_with("lea", "buy")
    play.yes("lea", ops.Complete(other, play.visit(other).rev, Resolution.SOLVED))
    assert play.person("tom").help == Help(visit_id, play.clock.now)


def test_only_who_is_with_the_shopper_asks(play: FloorHarness):
    visit_id = play.open("repair")
    play.accept("tom", visit_id)
    assert play.no("tom", ops.AskForHelp(visit_id, play.visit(visit_id).rev)).code is Code.WRONG_STATE
    assert play.no("lea", ops.AnswerHelp(visit_id)).code is Code.WRONG_STATE


def test_the_log_gives_it_back(play: FloorHarness):
    visit_id = asks(play)
    play.yes("lea", ops.AnswerHelp(visit_id))
    assert Floor.replay(play.catalogue, play.records).people == play.floor.people
    assert play.records[-1].event == ev.HelpAnswered("tom", "lea")
