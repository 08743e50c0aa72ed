"""What must not outlive its use: how a shopper is called and spotted, and the link of their ticket."""

import sqlite3

DESCRIPTION_MS = 86_400_000  # alias, colour and place: a day after the visit ended
LINK_MS = 3_600_000  # a ticket's link: an hour after


def forget(db: sqlite3.Connection, now: int) -> int:
    """Removes what is due from the visits and from the log's own lines; how many visits it touched.

    The log's other content stays, so it can be replayed as before. With `secure_delete` the old
    content is overwritten in the file.
    """
    touched = 0
    for fields, keep_ms in ((("alias", "colour", "place"), DESCRIPTION_MS), (("link",), LINK_MS)):
        some = " OR ".join(f"{field} IS NOT NULL" for field in fields)
        due = [
            row[0]
            for row in db.execute(
                f"SELECT visit_id FROM visits WHERE ended_at <= ? AND ({some})", (now - keep_ms,)
            )
        ]
        touched += len(due)
        nothing = ", ".join(f"{field} = NULL" for field in fields)
        paths = ", ".join(f"'$.{field}'" for field in fields)
        for visit_id in due:
            db.execute(f"UPDATE visits SET {nothing} WHERE visit_id = ?", (visit_id,))
            db.execute(
                f"UPDATE visit_events SET body = json_remove(body, {paths})"
                " WHERE visit_id = ? AND event = 'opened'",
                (visit_id,),
            )
    return touched
