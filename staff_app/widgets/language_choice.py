"""The languages of the tablet, each one touch away."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.touch import Tap

from .speech import speech

Builder.load_file(str(Path(__file__).with_suffix(".kv")))


class Language(Tap):
    code = StringProperty()
    dark = BooleanProperty(False)


class Languages(BoxLayout):
    """Changes the speech at once: nothing else has to know of it. `dark` is for use on the main colour."""

    dark = BooleanProperty(False)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        speech.bind(codes=self._fill)  # held weakly: the speech outlives every widget
        self._fill()

    def on_dark(self, *_: object) -> None:
        self._fill()

    def _fill(self, *_: object) -> None:
        self.clear_widgets()
        for code in speech.codes if len(speech.codes) > 1 else ():  # one is no choice
            self.add_widget(Language(code=code, dark=self.dark, on_release=self._choose))

    def _choose(self, button: Language) -> None:
        speech.choose(button.code)
