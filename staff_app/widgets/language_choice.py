"""The languages of the tablet, to change it with one touch."""

from pathlib import Path

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout

from assets.ui.widgets.basic import Tappable

from .ui_language import ui_language

Builder.load_file(str(Path(__file__).with_suffix(".kv")))


class LanguageButton(Tappable):
    code = StringProperty()
    dark = BooleanProperty(False)


class LanguageChoice(BoxLayout):
    """Changes the language of the whole tablet at once. `dark` is for use on the main colour."""

    dark = BooleanProperty(False)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        ui_language.bind(
            codes=self._fill
        )  # Kivy holds a bound method weakly: ui_language outlives every widget
        self._fill()

    def on_dark(self, *_: object) -> None:
        self._fill()

    def _fill(self, *_: object) -> None:
        self.clear_widgets()
        for code in (
            ui_language.codes if len(ui_language.codes) > 1 else ()
        ):  # with one there is nothing to choose
            self.add_widget(LanguageButton(code=code, dark=self.dark, on_release=self._choose))

    def _choose(self, button: LanguageButton) -> None:
        ui_language.choose(button.code)
