"""The tables of screens are complete, and each event of a page is a method of its controller.

Reads the sources with `ast`, because a view can be imported only with a display.
"""

import ast
from pathlib import Path
from typing import Any

import pytest

from assets.ui.pairing.controller import PairingController
from kiosk.controller import KioskController
from kiosk.session.session import KioskScreen
from staff_app.controller import StaffController
from staff_app.navigation import PAGE_BASES, PARENT_PAGES, StaffScreen

ROOT = Path(__file__).parents[2]
APPS = [("kiosk", KioskScreen), ("staff_app", StaffScreen)]
# Events that a widget handles itself, or the view.
INTERNAL = {"on_first", "on_second", "on_moved"}


def screen_table(app: str) -> dict[str, tuple[Any, ...]]:
    """The table SCREENS of an app's view, with the names of the screens as keys."""
    for node in ast.parse((ROOT / app / "view.py").read_text("utf-8")).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "SCREENS":
            table = node.value
            assert isinstance(table, ast.Dict)
            keys = [ast.unparse(key).partition(".")[2] for key in table.keys if key is not None]
            return dict(zip(keys, map(ast.literal_eval, table.values), strict=True))
    raise AssertionError(f"{app}/view.py has no SCREENS")


def classes(path: Path) -> dict[str, ast.ClassDef]:
    """The classes of a module."""
    body = ast.parse(path.read_text("utf-8")).body
    return {node.name: node for node in body if isinstance(node, ast.ClassDef)}


def assigned(node: ast.ClassDef) -> dict[str, ast.expr]:
    """The class attributes, such as Kivy's properties."""
    found: dict[str, ast.expr] = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            found |= {ast.unparse(target): statement.value for target in statement.targets}
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            found[ast.unparse(statement.target)] = statement.value
    return found


@pytest.mark.parametrize(("app", "screens"), APPS)
def test_every_screen_has_an_entry(app: str, screens: type[KioskScreen] | type[StaffScreen]) -> None:
    assert set(screen_table(app)) == {screen.name for screen in screens}


@pytest.mark.parametrize("app", [app for app, _ in APPS])
def test_every_entry_names_a_class_and_its_properties(app: str) -> None:
    for screen, (module, name, *rest) in screen_table(app).items():
        found = classes(ROOT / app / "screens" / f"{module}.py")
        assert name in found, screen
        assert set(*rest) <= set(assigned(found[name])), screen


def test_a_question_confirms_a_method_of_the_controller() -> None:
    entries = screen_table("staff_app").values()
    actions = [values["action"] for _module, name, values in entries if name == "ConfirmScreen"]
    assert len(actions) == 3
    assert all(callable(getattr(StaffController, action)) for action in actions)


def test_pages_are_opened_over_screens_that_are_no_pages() -> None:
    assert set(PARENT_PAGES) | set(PARENT_PAGES.values()) <= set(PAGE_BASES)
    assert not {base for bases in PAGE_BASES.values() for base in bases} & set(PAGE_BASES)


@pytest.mark.parametrize(
    ("files", "controller"),
    [
        (["kiosk/screens/*.py", "kiosk/widgets/page.py", "kiosk/widgets/still_there.py"], KioskController),
        (
            ["staff_app/screens/*.py", "staff_app/widgets/page.py", "staff_app/widgets/banners.py"],
            StaffController,
        ),
        (["assets/ui/pairing/pages.py"], PairingController),
    ],
)
def test_every_event_of_a_page_is_a_method_of_the_controller(files: list[str], controller: type) -> None:
    events: set[str] = set()
    for pattern in files:
        for path in ROOT.glob(pattern):
            for node in classes(path).values():
                if (declared := assigned(node).get("__events__")) is not None:
                    events |= set(ast.literal_eval(declared))
    assert len(events) >= 8
    missing = {event for event in events - INTERNAL if not hasattr(controller, event.removeprefix("on_"))}
    assert missing == set()
