"""docs/reliability.md lists what the tests do, and nothing else."""

import importlib.util

from tests.contract.pages import DOCS, page


def maker():
    spec = importlib.util.spec_from_file_location("make_reliability", DOCS / "make_reliability.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def test_the_page_is_what_the_tests_say():
    assert page("reliability.md") == maker().made(), "make reliability writes it anew"


def test_every_line_says_what_was_done_and_what_happened():
    for kind in maker().KINDS:
        found = list(maker().lines(kind))
        assert found
        for done, happened, test in found:
            assert done
            assert happened
            assert "|" not in done + happened, test
            assert done[0].isupper() or done[0].isdigit(), test
