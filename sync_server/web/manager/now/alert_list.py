"""The alerts of the page Now in words, each with the one action that helps most."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from assets.i18n.texts import Texts
from sync_server.domain.alerts import MIN_FREE_BYTES, Alert, AlertCode, missing_skills
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.floor.floor import Floor
from sync_server.domain.queue import routing
from sync_server.domain.visit.visit import State, Visit
from sync_server.web.http.templates import need_name, skill_names
from sync_server.web.manager.late_visits import EVERYBODY, LateVisit, LateVisitReader

MAX_VISITS = 3  # that are shown of those that wait too long; the rest is counted


class Mend(Struct, frozen=True):
    """A button: `label` is its text, `fields` what its form sends to `address`."""

    label: str
    address: str
    fields: tuple[tuple[str, object], ...] = ()


class ShownAlert(Struct, frozen=True):
    """`lead` is what it is about, `sentence` what is wrong and what helps. `since` is a time, ms UTC.

    `mend` is the one action that helps, None where nothing can be done from here; `more` leads to the others.
    """

    code: AlertCode
    lead: str
    sentence: str
    since: int | None
    mend: Mend | None = None
    more: str = ""


class _InWords:
    def __init__(self, floor: Floor, kiosk_names: Mapping[str, str], texts: Texts, now: int) -> None:
        self._floor, self._kiosk_names, self._texts, self._now = floor, kiosk_names, texts, now
        self._catalogue: Catalogue = floor.catalogue
        self._visits = LateVisitReader(floor, now)

    def shown(self, alert: Alert) -> ShownAlert:
        say = self._texts.say
        match alert.code:
            case AlertCode.WAITS_TOO_LONG | AlertCode.OFFERS_LAPSED:
                return self._visit(alert, self._floor.visits[alert.subject])
            case AlertCode.SKILL_MISSING:
                return self._skill_missing(alert)
            case AlertCode.KIOSK_OFFLINE:
                name = self._kiosk_names.get(alert.subject, alert.subject)
                sentence = say("manager.alert.kiosk_offline")
                return ShownAlert(alert.code, name, sentence, alert.since, more="/manager/devices")
            case AlertCode.STORAGE_LOW:
                sentence = say("manager.alert.storage_low.text", mb=MIN_FREE_BYTES // 1_048_576)
                return ShownAlert(alert.code, say("manager.alert.storage_low"), sentence, alert.since)
            case AlertCode.FLOOR_EMPTY:
                sentence = say("manager.alert.floor_empty.text")
                return ShownAlert(alert.code, say("manager.alert.floor_empty"), sentence, alert.since)

    def _visit(self, alert: Alert, visit: Visit) -> ShownAlert:
        late, say = self._visits.read(visit), self._texts.say
        clock = self._texts.clock((self._now - visit.created_at) / 1000)
        need = need_name(self._catalogue, visit.need, self._texts)
        if alert.code is AlertCode.WAITS_TOO_LONG:
            sentences = [say("manager.now.alert_one", ticket=visit.ticket, clock=clock, need=need)]
        else:
            sentences = [say("manager.alert.offers_lapsed", n=visit.lapsed, ticket=visit.ticket, need=need)]
        sentences.append(reason(late, self._catalogue, self._texts))
        mend = self._ask(late) or self._offer(visit)
        more = visit_page(visit)
        return ShownAlert(alert.code, "", " ".join(sentences), alert.since, mend, more)

    def _ask(self, late: LateVisit) -> Mend | None:
        address = f"/manager/visits/{late.visit.visit_id}/ask"
        if late.visit.alerted_at is None:
            return None
        if late.may_ask_again:
            return Mend(
                self._texts.say(f"manager.hindrance.again.{late.reason}"), address, (("whom", "again"),)
            )
        if late.may_ask_everybody:
            return Mend(self._texts.say("manager.hindrance.everybody"), address, (("whom", EVERYBODY),))
        return None

    def _offer(self, visit: Visit) -> Mend | None:
        """Offers a visit that waits to somebody who is free and has the skills."""
        if visit.state is not State.WAITING:
            return None
        floor, wanted = self._floor, self._catalogue.wanted_skills(visit.need, visit.ring)
        free = routing.free_people(floor.people.values(), self._now, self._catalogue.times.max_active)
        employees = [self._catalogue.employee(person.id) for person in free]
        able = next((e for e in employees if e is not None and wanted <= e.skills), None)
        if able is None:
            return None
        fields = (("do", "offer"), ("rev", visit.rev), ("employee", able.id))
        return Mend(self._texts.say("manager.now.offer_to", name=able.name), visit_page(visit), fields)

    def _skill_missing(self, alert: Alert) -> ShownAlert:
        catalogue, texts = self._catalogue, self._texts
        needs = missing_skills(self._floor, self._now)[alert.subject]
        skills = skill_names(catalogue, alert.subject.split("+"), texts)
        names = ", ".join(need_name(catalogue, need, texts) for need in needs)
        sentence = texts.say("manager.alert.skill_missing", skills=skills, needs=names)
        if waiting := sum(visit.need in needs for visit in self._floor.line()):
            sentence += " " + texts.say("manager.alert.skill_missing.waiting", n=waiting)
        mend = Mend(
            texts.say("manager.now.close_needs", n=len(needs)), f"/manager/now/skills/{alert.subject}"
        )
        return ShownAlert(alert.code, "", sentence, alert.since, mend, "/manager/now/kiosks")


def shown_alerts(
    found: Sequence[Alert], floor: Floor, kiosk_names: Mapping[str, str], texts: Texts, now: int
) -> tuple[list[ShownAlert], int]:
    """The alerts in words, and how many more visits wait too long. `now` in ms UTC."""
    in_words = _InWords(floor, kiosk_names, texts, now)
    about_visits = [one for one in found if one.code in (AlertCode.WAITS_TOO_LONG, AlertCode.OFFERS_LAPSED)]
    left_out = set(about_visits[MAX_VISITS:])
    return [in_words.shown(one) for one in found if one not in left_out], len(left_out)


def reason(late: LateVisit, catalogue: Catalogue, texts: Texts) -> str:
    """What keeps a visit, and what would help; or who is asked at present."""
    if not late.reason:
        return texts.say("manager.hindrance.offered", names=late.names)
    skills = skill_names(catalogue, late.skills, texts)
    sentence = texts.say(f"manager.hindrance.{late.reason}", names=late.names, skills=skills)
    return f"{sentence} {texts.say('manager.hindrance.others')}" if late.may_ask_everybody else sentence


def visit_page(visit: Visit) -> str:
    """The address of the page with all that can be done about this visit."""
    return f"/manager/now/visits/{visit.visit_id}"
