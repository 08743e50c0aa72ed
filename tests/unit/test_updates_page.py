"""What the page Updates reads in the changelog."""

from pathlib import Path

from sync_server.web.manager.repairs.updates_page import CHANGES, ChangesOf, VersionChanges, versions_of

ROOT = Path(__file__).parents[2]


def test_versions_have_parts_and_changes_without_marks(tmp_path):
    path = tmp_path / "changelog.md"
    path.write_text(
        "# Changelog\n\nIntro.\n\n## Unreleased\n\n### Now\n\n"
        "- The *page* begins\n  with [this](x.md).\n- `more`\n"
        "\n## 0.1.0\n\n- Kiosk\n",
        "utf-8",
    )
    assert versions_of(path) == [
        VersionChanges("Unreleased", [ChangesOf("Now", ["The page begins with this.", "more"])]),
        VersionChanges("0.1.0", [ChangesOf("", ["Kiosk"])]),
    ]


def test_the_products_own_changelog_is_the_repositorys():
    assert CHANGES.read_text("utf-8") == (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert [version.heading for version in versions_of()][-1] == "0.1.0"


def test_an_installation_without_it_has_a_page_all_the_same(tmp_path):
    assert versions_of(tmp_path / "none.md") == []
