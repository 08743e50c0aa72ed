"""Every relative link in README, CHANGELOG and docs/ leads to a file, and to a heading of it, that exist."""

import re
import string

import pytest

from .docs_pages import DOCS, ROOT

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "tests").rglob("*.md")])
CODE_BLOCK = re.compile(r"(?ms)^(```|~~~).*?^\1\s*$|^    .*?$")
CODE_SPAN = re.compile(r"(`+).+?\1")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(text: str) -> set[str]:
    """The link targets that GitHub makes of headings: lower case, hyphens for spaces, no punctuation."""
    found: set[str] = set()
    for title in re.findall(r"(?m)^#{1,6} (.+)$", re.sub(r"(?ms)^```.*?^```$", "", text)):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title.strip()).lower()
        kept = "".join(c for c in plain if c in "-_ " or c not in string.punctuation)
        name = "".join(c for c in kept if c.isalnum() or c in "-_ ").replace(" ", "-")
        same = sum(1 for other in found if re.fullmatch(rf"{re.escape(name)}(-\d+)?", other))
        found.add(f"{name}-{same}" if same else name)
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path):
    text = CODE_SPAN.sub("", CODE_BLOCK.sub("", path.read_text("utf-8")))
    for link in LINK.findall(text):
        if link.startswith(("https://", "http://")):
            continue
        target, _, heading = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        assert file.exists(), f"{link}: there is no such file"
        if heading:
            assert heading in anchors(file.read_text("utf-8")), f"{link}: there is no such heading"


def test_every_page_has_a_file_name_of_its_own():
    names = [path.name for path in DOCS.rglob("*.md") if path.name != "README.md"]
    assert len(names) == len(set(names))


def test_the_anchors_of_headings():
    assert anchors("# A `code` title, with: marks\n## Twice\n## Twice\n") == {
        "a-code-title-with-marks",
        "twice",
        "twice-1",
    }
