"""The picture and the table of packages in architecture.md are those of the code; no imports are circular."""

import pytest

from .docs_pages import DOCS, ROOT, generator, page

ROOMS = generator("rooms")
PACKAGES = sorted(
    path.parent.relative_to(ROOT).as_posix().replace("/", ".")
    for package in ROOMS.PACKAGES
    for path in (ROOT / package).rglob("__init__.py")
)


def test_the_picture_shows_the_packages_as_they_are():
    drawn = (DOCS / "pictures" / "rooms.svg").read_text("utf-8")
    assert drawn == ROOMS.picture(), "run `make docs`"
    assert len(drawn) < 100_000


def test_the_table_has_every_folder_and_what_it_does():
    text = page("architecture.md")
    assert ROOMS.written(text) == text, "run `make docs`"
    assert not [line for line in ROOMS.table().splitlines() if line.endswith("|  |")]


def circular(graph):
    return [name for name in graph if name in ROOMS.reachable(graph, name)]


def test_no_module_and_no_room_imports_itself_through_others():
    graph = ROOMS.imports()
    rooms = {module: ROOMS.room_of(module) for module in graph if ROOMS.room_of(module) != "sync_server"}
    assert not circular(graph)
    assert not circular(ROOMS.folded(graph, rooms))


@pytest.mark.parametrize("package", PACKAGES)
def test_the_parts_of_a_package_do_not_import_each_other_in_a_circle(package):
    """A part is a module or a package directly in `package`."""
    graph, start = ROOMS.imports(), f"{package}."
    parts = {m: m.removeprefix(start).split(".")[0] for m in graph if m.startswith(start)}
    assert parts
    assert not circular(ROOMS.folded(graph, parts))


def test_levels_and_reduced_arrows():
    graph = {"app": {"rules", "store"}, "store": {"rules"}, "rules": set(), "x": {"y"}, "y": {"x", "rules"}}
    assert ROOMS.levels(graph) == [["app"], ["store", "x", "y"], ["rules"]]
    assert ROOMS.reduced(graph)["app"] == {"store"}
