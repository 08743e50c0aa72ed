"""Sentences with which the pages Today and Report both begin."""

from markupsafe import Markup

from assets.i18n.texts import Texts
from sync_server.domain.kpi import Kpis
from sync_server.web.http import formatting


def greeted_sentence(kpis: Kpis, within_target: str, texts: Texts) -> Markup | str:
    """`112 visits. 81 % (73–87 %) knew within a minute who was coming.` The brackets are in lighter type."""
    visits = texts.say("manager.answer.visits", kpis.arrived)
    if kpis.quick == kpis.arrived:
        return texts.say("manager.answer.all_quick", visits=visits)
    if kpis.quick:
        visits = texts.say("manager.answer.some_quick", kpis.quick, visits=visits)
    if not kpis.greeted_in_time.whole:
        return texts.say("manager.answer.not_ended", visits=visits)
    greeted = formatting.share_of_visits(kpis.greeted_in_time, texts)
    sentence = texts.say("manager.answer.greeted", visits=visits, share=greeted, when=within_target)
    brackets = f"({formatting.interval(kpis.greeted_in_time, texts)})"
    return formatting.soften(formatting.keep_numbers_together(sentence), brackets)


def left_sentence(kpis: Kpis, texts: Texts) -> str:
    """How many left without being helped."""
    if not kpis.left:
        return texts.say("manager.answer.none_left")
    return formatting.keep_numbers_together(texts.say("manager.answer.left", n=kpis.left))
