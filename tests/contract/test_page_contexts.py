"""Each template of the pages shows the fields of its context, no more and no fewer."""

import functools
from collections.abc import Iterator

import pytest
from jinja2 import meta, nodes

import sync_server.web.app  # noqa: F401  # imports every page
from sync_server.web.http.templates import TEMPLATES, Context, LanguageLinks, SharedContext, environment
from sync_server.web.manager.devices.device_list import DeviceList
from sync_server.web.manager.devices.pairing_codes import CodeStatus
from sync_server.web.manager.layout import Frame, Notices
from sync_server.web.manager.now.now_page import FloorPiece
from sync_server.web.manager.phones.phones_page import PhonesStatus
from sync_server.web.manager.settings.assistant.assistant_step import StepFrame

AROUND = {*SharedContext.__struct_fields__, *LanguageLinks.__struct_fields__}
FRAME = {*Frame.__struct_fields__, *Notices.__struct_fields__}
PIECES = {  # what a page shows besides its own context
    "manager/devices/devices.html": DeviceList.__struct_fields__,
    "manager/devices/code.html": CodeStatus.__struct_fields__,
    "manager/phones/phones.html": PhonesStatus.__struct_fields__,
    "manager/now/now.html": FloorPiece.__struct_fields__,
    **{
        f"manager/settings/start_{step}.html": StepFrame.__struct_fields__
        for step in ("shop", "hours", "people", "devices", "ready")
    },
}


def contexts(parent: type[Context] = Context) -> Iterator[type[Context]]:
    """Every context that has a template."""
    for kind in parent.__subclasses__():
        if "template" in vars(kind):
            yield kind
        yield from contexts(kind)


@functools.cache
def parse(template: str) -> nodes.Template:
    assert environment.loader is not None
    return environment.parse(environment.loader.get_source(environment, template)[0])


def parts(template: str) -> set[str]:
    """A template and all that it extends, includes and imports."""
    found, rest = set(), [template]
    while rest:
        found.add(name := rest.pop())
        rest += [part for part in meta.find_referenced_templates(parse(name)) if part and part not in found]
    return found


def variables(template: str) -> set[str]:
    """What a template and its parts read, and none of them sets, imports or defines."""
    read: set[str] = set()
    made: set[str] = set(environment.globals)
    for part in parts(template):
        tree = parse(part)
        read |= meta.find_undeclared_variables(tree)
        made |= {macro.name for macro in tree.find_all(nodes.Macro)}
        made |= {str(name) for node in tree.find_all(nodes.FromImport) for name in node.names}
        made |= {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
        made |= {
            name.name
            for node in tree.find_all(nodes.With)
            for name in node.find_all(nodes.Name)
            if name in node.targets
        }
    return read - made


KINDS = sorted(contexts(), key=lambda kind: kind.template)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.template)
def test_a_template_shows_the_fields_of_its_context(kind: type[Context]) -> None:
    layout = "manager/layout.html" in parts(kind.template)
    around = AROUND | (FRAME if layout else set()) | set(PIECES.get(kind.template, ()))
    shown = variables(kind.template)
    assert shown - around - set(kind.__struct_fields__) == set(), "not in the context"
    assert set(kind.__struct_fields__) - shown == set(), "not shown"


def test_every_template_belongs_to_a_context() -> None:
    reached = {part for kind in KINDS for part in parts(kind.template)}
    assert reached == {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html")}
    assert len(KINDS) == len({kind.template for kind in KINDS}) > 15


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.template)
def test_every_context_is_described(kind: type[Context]) -> None:
    assert kind.__doc__
