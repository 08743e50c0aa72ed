"""A form of settings: what was typed, what others changed meanwhile, and what the file gets."""

import pytest
from starlette.datastructures import FormData

from assets.i18n.texts import Texts
from sync_server.service.config.trades import trade_file
from sync_server.service.settings.settings_document import SettingsDocument
from sync_server.service.settings.trade_change import trade_settings
from sync_server.web.manager.settings.entry_code import code_from
from sync_server.web.manager.settings.filled_form import FormPlace, fill, plain, write_values
from sync_server.web.manager.settings.setting_field import (
    LEFT_OUT,
    BadInput,
    FieldKind,
    SettingField,
    read_field,
    stamp_of,
)

SETTINGS = trade_settings("electronics")
PLACE = FormPlace(SETTINGS, Texts("en"), plain(SETTINGS))
NEED = FormPlace(SETTINGS, Texts("en"), plain(SETTINGS.needs[0]), "needs", "repair")
NAME = SettingField("store.name", FieldKind.TEXT, "store_name")
OFFER = SettingField("times.offer_s", FieldKind.NUMBER, "times_offer_s", "s")
TEXT = SettingField("text", FieldKind.TEXTS, "needs_text")
ENDINGS = SettingField("endings", FieldKind.RANKED, "needs_endings")


def _sent(place, fields, **typed):
    """What a browser sends of an untouched form, with some values typed anew."""
    pairs = []
    for field in fields:
        shown = place.show(field)
        pairs.append((f"was.{field.path}", shown.stamp))
        if field.kind is FieldKind.TEXTS:
            pairs += [(f"{field.path}.{code}", text) for code, text in shown.texts.items()]
        else:
            pairs += [(field.path, one) for one in (shown.values or (shown.value,))]
    names = {name.replace("__", ".") for name in typed}
    kept = [(name, value) for name, value in pairs if name not in names]
    return FormData([*kept, *((name.replace("__", "."), value) for name, value in typed.items())])


def test_an_untouched_form_changes_nothing():
    for place, fields in ((PLACE, (NAME, OFFER)), (NEED, (TEXT, ENDINGS))):
        filled = fill(fields, place, _sent(place, fields))
        assert (filled.changed, filled.others_too, filled.problems) == ({}, False, False)


def test_what_was_typed_is_what_changes():
    filled = fill((NAME, OFFER), PLACE, _sent(PLACE, (NAME, OFFER), times__offer_s="20,5"))
    assert filled.changed == {"times.offer_s": 20.5}


def test_a_field_that_others_changed_too_is_asked_about_and_the_rest_is_merged():
    form = FormData(
        [
            ("was.store.name", stamp_of(FieldKind.TEXT, "Before")),
            ("store.name", "Mine"),
            ("was.times.offer_s", stamp_of(FieldKind.NUMBER, 12)),
            ("times.offer_s", "12"),
        ]
    )
    filled = fill((NAME, OFFER), PLACE, form)
    assert filled.others_too
    name, offer = filled.fields
    assert (name.value, name.meanwhile) == ("Mine", "Lumen & Co")
    assert (offer.value, offer.meanwhile) == ("15", "15")  # not touched here: theirs stands
    again = fill((NAME,), PLACE, FormData([("was.store.name", name.stamp), ("store.name", "Mine")]))
    assert (again.changed, again.others_too) == ({"store.name": "Mine"}, False)


def test_two_managers_who_type_the_same_agree():
    form = FormData([("was.store.name", "another"), ("store.name", SETTINGS.store.name)])
    assert not fill((NAME,), PLACE, form).others_too


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        (FieldKind.NUMBER, "15", 15),
        (FieldKind.NUMBER, "0.5", 0.5),
        (FieldKind.MONEY, "12,5", 1250),
        (FieldKind.MONEY, "1 000.01", 100_001),
        (FieldKind.TEXT, "  Our   shop ", "Our shop"),
        (FieldKind.LINES, "10.0.0.1\n\n10.0.0.2 ", ["10.0.0.1", "10.0.0.2"]),
    ],
)
def test_a_field_is_read(kind, typed, value):
    assert read_field(SettingField("key", kind, "x"), FormData([("key", typed)]), ("en",)) == value


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (FieldKind.NUMBER, "soon"),
        (FieldKind.NUMBER, "nan"),
        (FieldKind.NUMBER, "1e99"),
        (FieldKind.MONEY, "-1"),
    ],
)
def test_what_cannot_be_read_is_said(kind, typed):
    with pytest.raises(BadInput):
        read_field(SettingField("key", kind, "x"), FormData([("key", typed)]), ("en",))


def test_an_empty_field_has_its_default_again():
    field = SettingField("key", FieldKind.NUMBER, "x", can_be_empty=True)
    assert read_field(field, FormData([("key", " ")]), ("en",)) is LEFT_OUT
    document = SettingsDocument(trade_file("electronics").read_text("utf-8"))
    write_values(document, PLACE, (OFFER,), {"times.offer_s": LEFT_OUT})
    assert document.get("times.offer_s") is None


def test_a_text_in_a_language_that_the_shop_does_not_speak_stays():
    document = SettingsDocument(trade_file("electronics").read_text("utf-8"))
    document.set("needs.repair.text.sv", "Något fungerar inte")
    write_values(document, NEED, (TEXT,), {"text": {"en": "Broken", "nl": "Stuk", "fi": "Rikki"}})
    assert document.get("needs.repair.text") == {
        "en": "Broken", "nl": "Stuk", "fi": "Rikki", "sv": "Något fungerar inte",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "taken", "code"),
    [
        ("Something doesn’t work", (), "something_doesnt_work"),
        ("Päivi", ("paivi",), "paivi_2"),
        ("日本", (), "person"),
        ("a" * 60, ("a" * 40,), "a" * 38 + "_2"),
    ],
)
def test_a_code_is_made_of_words(words, taken, code):
    assert code_from(words, taken, "person") == code
