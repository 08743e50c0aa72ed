"""A form of settings that was sent: what the manager changed, what others changed meanwhile, what is wrong.

A form remembers a stamp of each value that it showed. A field whose value is still that one was not touched
and changes nothing. So two managers on one page lose nothing: only a field that both have changed is asked
about, with both values beside each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import UNSET, Struct
from starlette.datastructures import FormData

from assets.i18n.texts import Texts
from sync_server.service.config.load import SettingsError
from sync_server.service.config.model import Settings
from sync_server.service.settings.settings_document import SettingsDocument

from .setting_field import (
    LEFT_OUT,
    BadInput,
    FieldKind,
    SettingField,
    ShownField,
    plain_value,
    read_field,
    show_field,
    stamp_of,
    typed_field,
    with_value,
    words_of,
)


class FormPlace(Struct, frozen=True):
    """Where the fields of a form are: in an entry of a list, or with an empty `table` anywhere in the file.

    `values` are those of the entry or of the whole settings, made plain.
    """

    settings: Settings
    texts: Texts
    values: Mapping[str, Any]
    table: str = ""
    name: str = ""

    def path(self, field: SettingField) -> str:
        """The whole path of a field's key."""
        return f"{self.table}.{self.name}.{field.path}" if self.table else field.path

    def value(self, field: SettingField) -> Any:
        """The value now; of texts, those in the store's languages."""
        value = plain_value(self.values, field.path)
        if field.kind is FieldKind.TEXTS and isinstance(value, Mapping):
            return {code: value[code] for code in self.settings.store.languages if code in value}
        return value

    def show(self, field: SettingField) -> ShownField:
        return show_field(field, self.value(field), self.settings, self.texts, self.table)


class FilledForm(Struct, frozen=True):
    """`fields` to show it again; `changed` are the new values by their fields' paths.

    `others_too`: somebody else has changed the same, so the manager is asked before anything is saved.
    """

    fields: tuple[ShownField, ...]
    changed: Mapping[str, Any]
    others_too: bool

    @property
    def problems(self) -> bool:
        return any(field.problem for field in self.fields)


def plain(settings: Struct) -> Mapping[str, Any]:
    """Settings or one of their structs as mappings, with the values that are not in the file too."""
    values = {key: getattr(settings, key) for key in settings.__struct_fields__}
    return {key: plain(value) if isinstance(value, Struct) else value for key, value in values.items()}


def fill(fields: Iterable[SettingField], place: FormPlace, form: FormData) -> FilledForm:
    """Compares what was sent with what the form showed and with what the settings are now."""
    languages = place.settings.store.languages
    shown: list[ShownField] = []
    changed: dict[str, Any] = {}
    both = False
    for field in fields:
        now = place.show(field)
        try:
            typed = read_field(field, form, languages)
        except BadInput as problem:
            shown.append(typed_field(now, form, languages, place.texts.say(problem.key)))
            continue
        was, stamp = str(form.get(f"was.{field.path}", "")), stamp_of(field.kind, typed)
        if stamp in (was, now.stamp):
            meanwhile = words_of(now, place.texts) if now.stamp != was else ""
            shown.append(with_value(now, place.value(field), meanwhile=meanwhile))
            continue
        conflict = now.stamp != was
        both |= conflict
        meanwhile = words_of(now, place.texts) if conflict else ""
        shown.append(with_value(now, None if typed is UNSET else typed, meanwhile=meanwhile))
        changed[field.path] = typed
    return FilledForm(tuple(shown), changed, both)


def with_problems(
    form: FilledForm, place: FormPlace, error: SettingsError
) -> tuple[tuple[ShownField, ...], list[str]]:
    """The fields with what is wrong beside each, and the sentences that belong to no field of this form."""
    wrong: dict[str, list[str]] = {}
    rest: list[str] = []
    paths = {place.path(shown.field): shown.name for shown in form.fields}
    for fault in error.faults:
        at = fault.path
        found = [path for path in paths if at == path or at.startswith(f"{path}.")]
        if found:
            wrong.setdefault(paths[max(found, key=len)], []).append(fault.reason(place.texts))
        else:
            rest.append(fault.line(place.texts))
    fields = tuple(
        with_value(shown, _value(shown), problem="; ".join(wrong[shown.name]), meanwhile=shown.meanwhile)
        if shown.name in wrong
        else shown
        for shown in form.fields
    )
    return fields, rest


def _value(shown: ShownField) -> Any:
    """What the field shows, in the form in which it is shown again."""
    if shown.field.kind is FieldKind.MONEY:
        return round(float(shown.value.replace(",", ".")) * 100) if shown.value else None
    return shown.texts or (shown.values if shown.values else shown.value)


def write_values(
    document: SettingsDocument, place: FormPlace, fields: Sequence[SettingField], changed: Mapping[str, Any]
) -> None:
    """Writes the changed values into the document; what is left out gets its default value."""
    for field in fields:
        if field.path not in changed:
            continue
        path, value = place.path(field), changed[field.path]
        if field.kind is FieldKind.TEXTS:
            given = {} if value is LEFT_OUT else value
            for code in place.settings.store.languages:  # texts in other languages stay
                if given.get(code):
                    document.set(f"{path}.{code}", given[code])
                else:
                    document.unset(f"{path}.{code}")
            if not document.get(path):
                document.unset(path)
        elif value is LEFT_OUT:
            document.unset(path)
        else:
            document.set(path, value)
