"""A QR code that is sharp at every size, with the margin that scanners need."""

from typing import Any

from kivy.graphics import Color, Rectangle
from kivy.graphics.texture import Texture
from kivy.properties import StringProperty
from kivy.uix.widget import Widget

QUIET_ZONE = 4  # modules of margin, as ISO/IEC 18004 requires


class Qr(Widget):
    """Shows `text` as a QR code, or nothing if it is empty. Black on white in every theme."""

    text = StringProperty("")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._texture: Texture | None = None
        with self.canvas:
            self._ink = Color(1, 1, 1, 0)
            self._square = Rectangle()
        self.bind(text=self._encode, pos=self._place, size=self._place)
        self._encode()

    def _encode(self, *_: Any) -> None:
        self._texture = _qr_texture(self.text) if self.text else None
        self._square.texture = self._texture
        self._ink.a = 1 if self._texture else 0
        self._place()

    def _place(self, *_: Any) -> None:
        """Makes the code as large as possible with a whole number of pixels for each module."""
        if self._texture is None:
            return
        modules = self._texture.width
        side = max(1, int(min(self.width, self.height)) // modules) * modules
        self._square.size = side, side
        self._square.pos = int(self.x + (self.width - side) / 2), int(self.y + (self.height - side) / 2)


def _qr_texture(text: str) -> Texture:
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode

    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE)
    code.add_data(text)
    code.make()
    matrix = code.get_matrix()
    texture = Texture.create(size=(len(matrix), len(matrix)), colorfmt="luminance")
    texture.mag_filter = texture.min_filter = "nearest"
    bits = bytes(0 if dark else 255 for row in reversed(matrix) for dark in row)
    texture.blit_buffer(bits, colorfmt="luminance", bufferfmt="ubyte")
    return texture
