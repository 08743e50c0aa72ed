"""The greeting: what can we do for you? The first touch is already the need."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ListProperty, StringProperty

from assets.words import Words
from kiosk import standing
from kiosk.flow import Flow
from kiosk.widgets.choices import Choice
from kiosk.widgets.news import News as News  # the rule uses it
from kiosk.widgets.page import KioskPage

NOON = 12


class NeedPage(KioskPage):
    greeting = StringProperty("")
    wait = StringProperty("")
    wait_icon = StringProperty("clock")
    needs = ListProperty()
    say_how_was_it = StringProperty("")
    no_name = StringProperty("")
    news_lead = StringProperty("")
    news = StringProperty("")
    news_icon = StringProperty("bell-ringing")
    put_away = StringProperty("")
    ask = BooleanProperty(False)

    __events__ = ("on_choose_need", "on_how_was_it", "on_dismiss")

    def show(self, flow: Flow, words: Words, now: int) -> None:
        super().show(flow, words, now)
        hour = flow.world.catalogue.local(flow.world.at).hour if flow.world.catalogue else NOON
        self.greeting = f"{words.greeting(hour)}\n{words.say('kiosk.need.question')}"
        self.wait, self.wait_icon = _wait(flow, words), "clock" if flow.world.live else "cloud-off"
        self.needs = need_tiles(flow, words)
        self.ask = bool(flow.to_ask)
        self.say_how_was_it = words.say("kiosk.need.how_was_it")
        self.no_name = words.say("kiosk.need.no_name")
        self._show_news(flow, words)

    def _show_news(self, flow: Flow, words: Words) -> None:
        """A ticket that is called, or else one that never reached the line."""
        catalogue, called, lost = flow.world.catalogue, standing.calls(flow.world), flow.world.lost
        self._lost = lost[0].op_id if lost else ""
        if called:
            employee = catalogue.employee(called[0].employee or "") if catalogue else None
            name = employee.name if employee else words.say("kiosk.line.somebody")
            self.news_lead = f"{called[0].ticket} {words.ticket_name(called[0].ticket)}"
            self.news = f"{words.say('kiosk.line.called', name=name)}\n{words.say('kiosk.line.called_text')}"
            self.news_icon, self.put_away = "bell-ringing", ""
            return
        self.news_lead = ""
        if lost:
            self.news = words.say("kiosk.lost.text", ticket=lost[0].ticket)
            self.news_icon, self.put_away = "alert-circle", words.say("common.all_right")
        else:
            self.news = self.put_away = ""

    def put_news_away(self) -> None:
        self.dispatch("on_dismiss", self._lost)

    def on_choose_need(self, code: str) -> None:
        """A tile was touched."""

    def on_how_was_it(self) -> None:
        """Somebody would like to say how it was."""

    def on_dismiss(self, op_id: str) -> None:
        """What was said of this lost ticket has been read."""


def need_tiles(flow: Flow, words: Words) -> list[Choice]:
    """The tiles of this level, in the shopper's language."""
    return [
        Choice(need.code, words.text(need.text), test_name=f"need-{need.code}", icon=need.icon)
        for need in flow.tiles
    ]


def _wait(flow: Flow, words: Words) -> str:
    if not flow.world.live:
        return words.say("kiosk.need.offline")
    widest = standing.widest(flow.world.view.quotes)
    if widest is None:
        return words.wait(None, None)
    return words.wait(*widest) if standing.worth_saying(*widest) else words.say("kiosk.need.depends")


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
