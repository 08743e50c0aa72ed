"""Full-text search over the notes and comments that are still stored.

The index (SQLite's FTS5) is made in memory for each search, from the events of the visits whose words are
not deleted yet: those of a day or so, which an index of the table `visits` knows. So no word is ever in a
second place on the disk, and none outlives its retention: an FTS5 index in the store's file would keep
deleted words in its segments, and SQLite would leave copies where it moves them.
"""

import re
import sqlite3

# Words in quotes are looked for beside each other, all others anywhere, also as the beginning of a word.
_TERM = re.compile(r'"([^"]*)"|([^\s"]+)')
_WORD = re.compile(r"\w+")

_INDEX = (
    "CREATE VIRTUAL TABLE temp.words USING"
    " fts5(visit_id UNINDEXED, text, tokenize = 'unicode61 remove_diacritics 2')"
)
_FILL = (
    "INSERT INTO temp.words SELECT visit_id,"
    " group_concat(coalesce(json_extract(body, '$.note'), '') || ' '"
    "  || coalesce(json_extract(body, '$.comment'), ''), ' ')"
    " FROM visit_events"
    " WHERE visit_id IN (SELECT visit_id FROM visits WHERE (described OR linked) AND described)"
    " AND +event IN ('noted', 'handed_over', 'completed', 'corrected', 'rated') GROUP BY visit_id"
)


def visits_with_words(db: sqlite3.Connection, text: str) -> list[str]:
    """The ids of the visits whose notes or comments have all these words. Case and accents do not matter."""
    query = _query(text)
    if not query:
        return []
    db.execute("PRAGMA temp_store = MEMORY")  # a temporary file would hold the words
    db.execute("DROP TABLE IF EXISTS temp.words")
    db.execute(_INDEX)
    try:
        db.execute(_FILL)
        return [row[0] for row in db.execute("SELECT visit_id FROM temp.words WHERE words MATCH ?", (query,))]
    finally:
        db.execute("DROP TABLE temp.words")


def _query(text: str) -> str:
    """The same in FTS5's language, in which every word is quoted: nothing that is typed is an operator."""
    terms = []
    for phrase, single in _TERM.findall(text):
        words = _WORD.findall(phrase or single)
        if words:
            terms.append('"' + " ".join(words) + '"' + ("" if phrase else "*"))
    return " AND ".join(terms)
