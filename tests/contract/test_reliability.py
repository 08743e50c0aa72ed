"""docs/develop/reliability.md lists the faults and attacks of the tests, and nothing else."""

from .docs_pages import generator, page

LISTING = generator("reliability")


def test_the_page_is_what_the_tests_say():
    text = page("reliability.md")
    assert LISTING.written(text) == text, "run `make reliability`"


def test_every_line_says_what_was_done_and_what_happened():
    for kind in LISTING.KINDS:
        found = list(LISTING.lines(kind))
        assert found
        for done, happened, test in found:
            assert done
            assert happened
            assert "|" not in done + happened, test
            assert done[0].isupper() or done[0].isdigit(), test
