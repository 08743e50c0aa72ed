"""The digest of a day: the answer first, then the figures, as plain text and HTML. No words of shoppers."""

import sqlite3
from datetime import date
from html import escape

from babel.numbers import format_decimal
from msgspec import Struct

from assets.i18n.formats import locale_of
from assets.i18n.texts import Texts
from assets.theme.load import load_theme
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.kpi import Kpis
from sync_server.domain.resolution import NOT_FIRST_CONTACT
from sync_server.domain.share import Share
from sync_server.service.arrivals import arrivals_between, day_span
from sync_server.service.reports.kpi_report import kpi_report


class DayDigest(Struct, frozen=True):
    """What is known of one day. `arrivals` are the people who came through the doors, 0 without a sensor."""

    day: date
    figures: Kpis
    arrivals: int
    follow_ups: int


class DigestText(Struct, frozen=True):
    """A digest in one language."""

    subject: str
    plain: str
    html: str


def read_digest(db: sqlite3.Connection, catalogue: Catalogue, day: str, now: int) -> DayDigest:
    """The digest of a store-day. `now` in ms UTC."""
    left = ", ".join(f"'{resolution}'" for resolution in NOT_FIRST_CONTACT)
    follow_ups = db.execute(
        f"SELECT count(*) FROM visits WHERE day = ? AND state = 'completed' AND resolution IN ({left})",
        (day,),
    ).fetchone()[0]
    of_day = date.fromisoformat(day)
    came = arrivals_between(db, *day_span(catalogue, of_day, of_day))
    figures = kpi_report(db, catalogue, day, day, now)
    return DayDigest(of_day, figures, sum(quarter.people for quarter in came), int(follow_ups))


def digest_text(digest: DayDigest, store: str, texts: Texts) -> DigestText:
    """The digest in words."""
    say, figures = texts.say, digest.figures
    heading = texts.heading(digest.day)
    answer = say(
        "manager.mail.digest.answer",
        figures.arrived,
        helped=say("manager.mail.digest.helped", figures.completed),
    )
    if not figures.arrived:
        answer = say("manager.mail.digest.nobody")
    rows = [(say(f"manager.mail.digest.{name}"), value) for name, value in _rows(digest, texts) if value]
    subject = (
        f"{store}: {say('manager.mail.digest.subject', figures.arrived, day=texts.short_date(digest.day))}"
    )
    widest = max((len(name) for name, _ in rows), default=0)
    lines = [f"{name:{widest}}  {value}" for name, value in rows]
    plain = "\n".join(
        [f"{store} · {heading}", "", answer, "", *lines, "", say("manager.mail.digest.why"), ""]
    )
    return DigestText(subject, plain, _html(store, heading, answer, rows, texts))


def _rows(digest: DayDigest, texts: Texts) -> list[tuple[str, str]]:
    figures = digest.figures
    wait = figures.wait_s.median
    return [
        ("doors", str(digest.arrivals) if digest.arrivals else ""),
        ("visits", str(figures.arrived)),
        ("completed", str(figures.completed)),
        ("left", str(figures.left)),
        ("wait", "" if wait is None else texts.clock(wait)),
        ("greeted", _share(figures.greeted_in_time)),
        ("first_contact", _share(figures.first_contact_resolution)),
        ("five_minutes", _share(figures.within_five_minutes)),
        ("effort", "" if figures.ces is None else _decimal(figures.ces, texts)),
        ("follow_ups", str(digest.follow_ups)),
    ]


def _decimal(value: float, texts: Texts) -> str:
    return str(format_decimal(value, "0.0", locale=locale_of(texts.language)))


def _share(share: Share) -> str:
    """`31 / 40 (78 %)`; with few visits the counts only."""
    if not share.whole:
        return ""
    counts = f"{share.part} / {share.whole}"
    return f"{counts} ({share.part / share.whole * 100:.0f} %)" if share.is_enough else counts


def _html(store: str, heading: str, answer: str, rows: list[tuple[str, str]], texts: Texts) -> str:
    """A page that mail programs show: inline styles, one column, nothing to load."""
    look, why = load_theme().light, texts.say("manager.mail.digest.why")
    cells = "".join(
        f'<tr><td style="padding:6px 24px 6px 0;color:{look.ink_soft}">{escape(name)}</td>'
        f'<td style="padding:6px 0;text-align:right;font-weight:600">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return (
        f'<!doctype html><html lang="{texts.language}"><head><meta charset="utf-8">'
        f"<title>{escape(store)}</title></head>"
        f'<body style="margin:0;padding:24px;background:{look.paper};color:{look.ink};'
        'font-family:Inter,Segoe UI,Roboto,Helvetica,Arial,sans-serif;font-size:16px;line-height:1.4">'
        f'<div style="max-width:520px;margin:0 auto;background:{look.card};border-radius:20px;padding:28px">'
        f'<p style="margin:0 0 8px;color:{look.ink_soft}">{escape(store)} · {escape(heading)}</p>'
        f'<h1 style="margin:0 0 20px;font-size:24px;line-height:1.25;color:{look.main}">{escape(answer)}</h1>'
        f'<table style="border-collapse:collapse;width:100%">{cells}</table>'
        f'<p style="margin:24px 0 0;font-size:14px;color:{look.ink_soft}">{escape(why)}</p>'
        "</div></body></html>"
    )
