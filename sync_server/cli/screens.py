"""The commands of the two touch apps. Kivy is imported only when one of them runs."""

from kiosk.cli import command as kiosk
from staff_app.cli import command as staff

__all__ = ["kiosk", "staff"]
