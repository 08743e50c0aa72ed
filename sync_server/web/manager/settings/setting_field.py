"""One key of `store.toml` as a field of a form: how it is shown, and how what was typed is read."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, json
from starlette.datastructures import FormData

from assets.i18n.texts import Texts
from sync_server.service.config.model import Settings
from sync_server.service.config.values import BOUNDS

LEFT_OUT = UNSET  # the key is not in the file, so it has its default value
MAX_TYPED = 600  # characters of one field; the check of the settings says what is too long
MONEY = re.compile(r"[0-9]{1,7}([.,][0-9]{1,2})?")


class FieldKind(StrEnum):
    """How a field looks and what it holds."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"  # a whole number of cents in the file
    TOGGLE = "toggle"
    CHOICE = "choice"
    CHIPS = "chips"  # several of a list, in the list's order
    RANKED = "ranked"  # several of a list, in an order that counts
    TEXTS = "texts"  # one text in each of the store's languages
    TIME = "time"
    ICON = "icon"
    COLOUR = "colour"
    LINES = "lines"  # texts, one a line


class FormChoice(Struct, frozen=True):
    """One of the values that a field can have."""

    value: str
    label: str


ChoicesOf = Callable[[Settings, Texts], Sequence[FormChoice]]


class SettingField(Struct, frozen=True):
    """A key. `path` is its whole path, or inside an entry of a list the path from there.

    `label` is the last part of the keys of its texts. `unit` too: of what follows a number. `choices` gives
    what can be chosen. `long`: its texts have more than a few words. `can_be_empty`: without a value the key
    is left out. `more`: few shops need it. `once`: it is set when the entry is made, and stays.
    """

    path: str
    kind: FieldKind
    label: str
    unit: str = ""
    choices: ChoicesOf | None = None
    long: bool = False
    can_be_empty: bool = False
    more: bool = False
    once: bool = False

    def bounds(self, table: str = "") -> tuple[int, int] | None:
        """The least and the greatest number, in the unit of the form."""
        found = BOUNDS.get(f"{table}.{self.path}" if table else self.path)
        if found is not None and self.kind is FieldKind.MONEY:
            return found[0] // 100, found[1] // 100
        return found


class BadInput(Exception):
    """What was typed cannot be a value of this field. `key` is that of a text that says so."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class ShownField(Struct, frozen=True):
    """A field as its form shows it.

    `value` is the text in the box, `values` what is chosen or typed in order, `texts` those of the languages.
    `problem` is what is wrong with it; `meanwhile` what somebody else has saved since the form was made.
    """

    field: SettingField
    value: str = ""
    values: tuple[str, ...] = ()
    texts: Mapping[str, str] = {}
    choices: Sequence[FormChoice] = ()
    bounds: tuple[int, int] | None = None
    stamp: str = ""
    problem: str = ""
    meanwhile: str = ""

    @property
    def name(self) -> str:
        """The name of its form control, and the path of its key."""
        return self.field.path

    @property
    def free(self) -> int:
        """How many boxes a ranked field has: one more than are filled, and at least two."""
        return min(len(self.choices), max(2, len(self.values) + 1))


def stamp_of(kind: FieldKind, value: Any) -> str:
    """A short digest of a value, by which a form tells later whether anybody changed the key."""
    plain = json.encode(_normal(kind, value), order="sorted")
    return hashlib.blake2b(plain, digest_size=6).hexdigest()


def _normal(kind: FieldKind, value: Any) -> Any:
    """One form for values that mean the same: not set and empty, 60.0 and 60, lists without an order."""
    if value is UNSET:
        value = None
    match kind:
        case FieldKind.CHIPS:
            return sorted(value or [])
        case FieldKind.RANKED | FieldKind.LINES:
            return list(value or [])
        case FieldKind.TEXTS:
            return {code: text for code, text in (value or {}).items() if text}
        case FieldKind.TOGGLE:
            return bool(value)
        case FieldKind.NUMBER:
            return int(value) if isinstance(value, float) and value.is_integer() else value
        case FieldKind.MONEY:
            return value
    return value or ""


def plain_value(values: Mapping[str, Any], path: str) -> Any:
    """The value at a path of settings that were made plain; None where it is not set."""
    found: Any = values
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def read_field(field: SettingField, form: FormData, languages: Sequence[str]) -> Any:
    """What was typed, as the file has it; LEFT_OUT where nothing was. Raises BadInput."""
    match field.kind:
        case FieldKind.TOGGLE:
            return field.path in form
        case FieldKind.CHIPS:
            return [str(value) for value in form.getlist(field.path)]
        case FieldKind.RANKED:
            typed = [str(value) for value in form.getlist(field.path)]
            return list(dict.fromkeys(value for value in typed if value)) or _empty(field, [])
        case FieldKind.TEXTS:
            texts = {code: _typed(form, f"{field.path}.{code}") for code in languages}
            texts = {code: text for code, text in texts.items() if text}
            return texts or _empty(field, {})
        case FieldKind.LINES:
            return [line.strip() for line in str(form.get(field.path, "")).splitlines() if line.strip()]
    text = _typed(form, field.path)
    if not text:
        return _empty(field, "")
    if field.kind is FieldKind.NUMBER:
        return _number(text)
    return _cents(text) if field.kind is FieldKind.MONEY else text


def show_field(
    field: SettingField, value: Any, settings: Settings, texts: Texts, table: str = ""
) -> ShownField:
    """The field with the value that the settings have."""
    choices = field.choices(settings, texts) if field.choices else ()
    stamp, bounds = stamp_of(field.kind, value), field.bounds(table)
    base = ShownField(field, choices=choices, stamp=stamp, bounds=bounds)
    return with_value(base, value)


def with_value(shown: ShownField, value: Any, **changed: Any) -> ShownField:
    """The same field with another value, as it is in the file."""
    several = isinstance(value, list | tuple | set | frozenset)
    kind = shown.field.kind
    return ShownField(
        shown.field,
        value="" if several or isinstance(value, dict) else _written(kind, value),
        values=tuple(map(str, value)) if several else (),
        texts=value if isinstance(value, dict) else {},
        choices=shown.choices,
        bounds=shown.bounds,
        stamp=shown.stamp,
        **changed,
    )


def words_of(shown: ShownField, texts: Texts) -> str:
    """The value in words, to tell what somebody else has saved."""
    labels = {choice.value: choice.label for choice in shown.choices}
    if shown.field.kind is FieldKind.TOGGLE:
        return texts.say("manager.setting.on" if shown.value else "manager.setting.off")
    if shown.field.kind is FieldKind.TEXTS:
        return " · ".join(shown.texts.values()) or "–"
    if shown.values:
        return ", ".join(labels.get(value, value) for value in shown.values)
    return labels.get(shown.value, shown.value) or "–"


def typed_field(shown: ShownField, form: FormData, languages: Sequence[str], problem: str) -> ShownField:
    """The field with exactly what was typed, and what is wrong with it."""
    name = shown.name
    listed = tuple(str(value) for value in form.getlist(name) if value)
    return ShownField(
        shown.field,
        value=str(form.get(name, ""))[:MAX_TYPED],
        values=listed,
        texts={code: _typed(form, f"{name}.{code}") for code in languages},
        choices=shown.choices,
        bounds=shown.bounds,
        stamp=str(form.get(f"was.{name}", "")),
        problem=problem,
    )


def _typed(form: FormData, name: str) -> str:
    return " ".join(str(form.get(name, "")).split())[:MAX_TYPED]


def _empty(field: SettingField, value: Any) -> Any:
    return LEFT_OUT if field.can_be_empty else value


def _number(text: str) -> int | float:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        raise BadInput("manager.setting.no_number") from None
    if not -1e9 < number < 1e9:  # nan is neither
        raise BadInput("manager.setting.no_number")
    return int(number) if number.is_integer() else number


def _cents(text: str) -> int:
    plain = text.replace("\u00a0", "").replace(" ", "")
    if not MONEY.fullmatch(plain):
        raise BadInput("manager.setting.no_amount")
    try:
        return int(Decimal(plain.replace(",", ".")) * 100)
    except InvalidOperation:
        raise BadInput("manager.setting.no_amount") from None


def _written(kind: FieldKind, value: Any) -> str:
    if value is None or value is UNSET:
        return ""
    if isinstance(value, bool):
        return "on" if value else ""
    if kind is FieldKind.MONEY:
        return f"{value / 100:.2f}"
    return f"{value:g}" if isinstance(value, float) else str(value)
