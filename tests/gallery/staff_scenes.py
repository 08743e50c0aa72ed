"""Every state of the tablet by name, with the rows of the sample shop: for pictures and for tests."""

from . import staff_floor_scenes, staff_visit_scenes  # noqa: F401 - each registers its scenes
from .staff_scene import SCENES

__all__ = ["SCENES"]
