"""What is wrong in `store.toml` is said in every language, with what it is about."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.i18n.texts import Texts
from assets.i18n.translations import catalogue
from sync_server.domain.catalogue.languages import LANGUAGES
from sync_server.service.config.load import SettingsError, parse_settings
from tests.sample_store import STORE_TOML

ROOT = Path(__file__).parents[2]
SECTIONS = ("settings_fault.", "bad_address.", "bad_name.", "bad_file.")
WRONG = {
    "a number": ("offer_s = 15", "offer_s = 0"),
    "a kind": ("offer_s = 15", 'offer_s = "soon"'),
    "a key": ("[store]", "[store]\nwhat = 1"),
    "a zone": ("[store]", '[store]\ntimezone = "Europe/Amsterdm"'),
    "an address": ("[store]", '[store]\npublic_url = "shop"'),
    "TOML": ("offer_s = 15", "offer_s = soon"),
}


def sayings() -> Iterator[tuple[str, str, set[str]]]:
    """Where each sentence is made in the code: the place, its key, and the names of its values."""
    for path in sorted((ROOT / "sync_server").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            for argument in node.args[:2]:
                if not (isinstance(argument, ast.Constant) and str(argument.value).startswith(SECTIONS)):
                    continue
                names = {str(keyword.arg) for keyword in node.keywords}
                for values in node.args:
                    if isinstance(values, ast.Dict):
                        names |= {str(key.value) for key in values.keys if isinstance(key, ast.Constant)}
                yield f"{path.relative_to(ROOT)}:{node.lineno}", str(argument.value), names


def test_each_sentence_gets_what_it_is_filled_in_with() -> None:
    found = list(sayings())
    assert len(found) > 70
    for place, key, names in found:
        text = catalogue("en").texts[key]
        assert isinstance(text, str)
        wanted = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        assert names == wanted, f"{place}: {key}"


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fault_is_said_in_the_language_of_the_reader(wrong: str, language: str) -> None:
    old, new = WRONG[wrong]
    text = STORE_TOML
    if "timezone" in new:
        text = "".join(line for line in text.splitlines(True) if not line.startswith("timezone"))
    with pytest.raises(SettingsError) as error:
        parse_settings(text.replace(old, new, 1), Path("store.toml"))
    for fault, line in zip(error.value.faults, error.value.problems, strict=True):
        said = fault.line(Texts(language))
        assert (f"store.toml: {said}" == line) == (language == "en")
        assert fault.reason(Texts(language)) in said
