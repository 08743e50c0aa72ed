"""The ready questions: SQL over the view `visit_log`, each with a chart."""

from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct


class Question(Struct, frozen=True):
    """A question, and how its answer is drawn: `mark`, and the columns on both axes with their types.

    `colour` is the column whose values have a colour each, empty for none.
    """

    name: str
    title: str
    sql: str
    mark: str
    x: tuple[str, str]
    y: tuple[str, str]
    colour: str = ""

    def chart(self) -> str:
        """The part of the address after `#` with which datasette-vega draws the answer."""
        drawn = {
            "g.mark": self.mark,
            "g.x_column": self.x[0],
            "g.x_type": self.x[1],
            "g.y_column": self.y[0],
            "g.y_type": self.y[1],
        }
        if self.colour:
            drawn["g.color_column"] = self.colour
        return urlencode(drawn, quote_via=quote)


QUESTIONS = (
    Question(
        "visits_by_week",
        "How many visits each week had",
        "SELECT strftime('%Y-%W', day) AS week, count(*) AS visits, sum(state = 'completed') AS completed,\n"
        "  sum(state = 'cancelled') AS left_the_line\nFROM visit_log GROUP BY 1 ORDER BY 1",
        "bar",
        ("week", "ordinal"),
        ("visits", "quantitative"),
    ),
    Question(
        "waits_by_hour",
        "How long shoppers waited, by hour (UTC) and in minutes",
        "SELECT substr(created_at, 12, 2) AS hour_utc, count(wait_s) AS visits,\n"
        "  round(avg(wait_s) / 60, 1) AS mean_wait_min, round(max(wait_s) / 60, 1) AS longest_wait_min\n"
        "FROM visit_log WHERE day >= :from_day GROUP BY 1 ORDER BY 1",
        "bar",
        ("hour_utc", "ordinal"),
        ("mean_wait_min", "quantitative"),
    ),
    Question(
        "waits_by_need",
        "How long shoppers waited, by need",
        "SELECT need, count(*) AS visits, round(avg(wait_s) / 60, 1) AS mean_wait_min,\n"
        "  round(avg(service_s) / 60, 1) AS mean_service_min\n"
        "FROM visit_log GROUP BY need ORDER BY visits DESC",
        "bar",
        ("need", "nominal"),
        ("mean_wait_min", "quantitative"),
    ),
    Question(
        "outcomes_by_need",
        "How visits ended, by need",
        "SELECT need, coalesce(resolution, state) AS outcome, count(*) AS visits\n"
        "FROM visit_log GROUP BY 1, 2 ORDER BY 1, 3 DESC",
        "bar",
        ("need", "nominal"),
        ("visits", "quantitative"),
        colour="outcome",
    ),
    Question(
        "told_and_real_wait",
        "The wait that shoppers were told, and the real one, in minutes",
        "SELECT round(quoted_median_s / 60, 1) AS told_min, round(wait_s / 60, 1) AS real_min\n"
        "FROM visit_log WHERE quoted_median_s IS NOT NULL AND wait_s IS NOT NULL\n"
        "ORDER BY created_at DESC LIMIT 1000",
        "circle",
        ("told_min", "quantitative"),
        ("real_min", "quantitative"),
    ),
    Question(
        "effort_by_week",
        "What shoppers said about the effort, by week (5 = very easy)",
        "SELECT strftime('%Y-%W', day) AS week, round(avg(ces), 2) AS effort, count(ces) AS answers\n"
        "FROM visit_log GROUP BY 1 HAVING answers > 0 ORDER BY 1",
        "line",
        ("week", "ordinal"),
        ("effort", "quantitative"),
    ),
    Question(
        "given_by_week",
        "What was given free, by week and in cents",
        "SELECT strftime('%Y-%W', day) AS week, sum(goodwill_cents) AS cents,"
        " sum(goodwill_cents > 0) AS gifts\n"
        "FROM visit_log GROUP BY 1 ORDER BY 1",
        "bar",
        ("week", "ordinal"),
        ("cents", "quantitative"),
    ),
    Question(
        "corrections",
        "What managers corrected, and why",
        "SELECT v.day, v.ticket, e.actor, json_extract(e.body, '$.because') AS because, e.body\n"
        "FROM visit_events AS e JOIN visits AS v USING (visit_id)\n"
        "WHERE e.event = 'corrected' ORDER BY e.seq DESC",
        "bar",
        ("because", "nominal"),
        ("day", "ordinal"),
    ),
)


def canned_queries(database: str) -> dict[str, Any]:
    """The questions as Datasette wants them. The description links to the chart."""
    return {each.name: _canned_query(each, database) for each in QUESTIONS}


def _canned_query(question: Question, database: str) -> dict[str, str]:
    given = "?from_day=2000-01-01" if ":from_day" in question.sql else ""
    link = f"/{database}/{question.name}{given}#{question.chart()}"
    chart = f'<a href="{escape(link)}">Show it as a chart</a>'
    return {"title": question.title, "sql": question.sql, "description_html": chart}
