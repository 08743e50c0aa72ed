"""The employee serves a shopper: what is known, tips and gifts, and the resolutions."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, ObjectProperty, StringProperty

from staff_app.widgets.headline import Headline as Headline
from staff_app.widgets.page import Page
from staff_app.widgets.pill_flow import PillFlow as PillFlow
from staff_app.widgets.resolution_buttons import ResolutionButtons as ResolutionButtons


class ServingScreen(Page):
    heading = StringProperty("")
    details = StringProperty("")
    need = StringProperty("")
    notes = StringProperty("")
    given = StringProperty("")
    clock = StringProperty("0:00")
    timer_colour = StringProperty("calm")
    tips = ObjectProperty(())
    gifts = ObjectProperty(())
    resolutions = ObjectProperty(())
    help = StringProperty("")
    help_asked = BooleanProperty(False)

    __events__ = (
        "on_toggle_tip",
        "on_toggle_gift",
        "on_complete",
        "on_hold",
        "on_ask_for_help",
        "on_open_page",
    )

    def choose_gift(self, code: str) -> None:
        """Chooses a gift, or asks for another amount."""
        if code == "other":
            self.dispatch("on_open_page", "goodwill")
        else:
            self.dispatch("on_toggle_gift", code)


Builder.load_file(str(Path(__file__).with_suffix(".kv")))
