"""Help on the tablet: the button of who is with a shopper, and the line that colleagues read."""

from msgspec.structs import replace

from assets.i18n.texts import Texts
from staff_app import intents
from staff_app.presenters.banners import banners
from staff_app.presenters.refusals import refused_op_text
from staff_app.presenters.serving import serving
from sync_server.domain import ops
from sync_server.domain.refusal import Code, Refusal
from sync_server.protocol.messages import Submit

from .tablet import NOW, Tablet, person, vid, visit

EN = Texts("en")
MINE = visit(1, "serving", employee="maya", rev=4)
THEIRS = visit(2, "serving", employee="sam")
SAM = replace(person("sam", "serving", "t2"), help_visit=vid(2), help_since=NOW)


def button(tablet: Tablet) -> tuple[str, bool]:
    row = tablet.snapshot.in_hand
    assert row is not None
    shown = serving(tablet.state, EN, row)
    return shown.help, shown.help_asked


def test_one_tap_asks_and_the_next_takes_it_back():
    tablet = Tablet(MINE)
    assert button(tablet) == ("Ask for help", False)
    tablet.do(intents.ask_for_help(tablet.snapshot))
    assert button(tablet) == ("Help asked · take back", True)
    tablet.do(intents.ask_for_help(tablet.snapshot))
    assert button(tablet) == ("Ask for help", False)
    assert [s.op for s in tablet.device.pending] == [
        ops.AskForHelp(vid(1), 4), ops.AskForHelp(vid(1), 5, wanted=False)
    ]  # fmt: skip
    tablet.do(intents.ask_for_help(tablet.snapshot))
    tablet.do(intents.hold(tablet.snapshot))
    assert tablet.snapshot.me is not None
    assert tablet.snapshot.me.help_visit is None, "it ends when they are not with the shopper"


def test_it_says_who_comes():
    me = replace(person(presence="serving"), help_visit=vid(1), help_since=NOW)
    assert button(Tablet(MINE, people=(replace(me, helper="lotte"),))) == ("Lotte is coming", False)
    assert button(Tablet(MINE, people=(replace(me, helper=""),))) == ("The manager sees to it", False)


def test_with_a_server_of_an_earlier_version_it_is_not_offered():
    tablet = Tablet(MINE)
    tablet.device._replica.helps = False
    tablet.device._changed()
    assert button(tablet) == ("", False)
    assert intents.ask_for_help(tablet.snapshot) is None


def test_colleagues_read_who_asks_until_one_goes():
    tablet = Tablet(THEIRS, people=(person(), SAM))
    line = banners(tablet.state, EN)
    assert (line.banner, line.answer) == ("Sam asks for help · A-2 · Something doesn't work", "I’m going")
    tablet.do(intents.answer_help(tablet.snapshot))
    assert banners(tablet.state, EN).answer == ""
    assert intents.answer_help(tablet.snapshot) is None, "a second touch means nothing"


def test_who_asks_longest_is_first_and_nobody_is_asked_by_themselves():
    lotte = replace(person("lotte", "serving", "t3"), help_visit=vid(1), help_since=NOW - 1)
    rows = replace(MINE, employee="lotte"), THEIRS
    assert intents.answer_help(Tablet(*rows, people=(person(), SAM, lotte)).snapshot) == ops.AnswerHelp(
        vid(1)
    )
    me = replace(person(presence="serving"), help_visit=vid(1), help_since=NOW)
    assert Tablet(MINE, people=(me,)).snapshot.asks_for_help is None
    assert Tablet(THEIRS, people=(SAM,)).snapshot.asks_for_help is None, "nobody is signed in"


def test_who_comes_too_late_has_nothing_to_do():
    snapshot = Tablet(THEIRS, people=(person(), SAM)).snapshot
    submit = Submit("a" * 32, NOW, ops.AnswerHelp(vid(2)))
    taken = refused_op_text(snapshot, EN, submit, Refusal(Code.ALREADY_TAKEN, "lotte"))
    assert taken == "Lotte is going already. Nothing to do."
    over = refused_op_text(snapshot, EN, submit, Refusal(Code.WRONG_STATE, "completed"))
    assert over == "Help is no longer needed. Nothing to do."
