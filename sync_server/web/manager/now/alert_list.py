"""The alerts of the page Now in words, each with the one action that helps most."""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote

from msgspec import Struct

from assets.i18n.texts import Texts
from sync_server.domain.alerts import MIN_FREE_BYTES, Alert, AlertCode, missing_skills
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.events import Presence
from sync_server.domain.floor.floor import Floor
from sync_server.domain.queue import routing
from sync_server.domain.visit.visit import State, Visit
from sync_server.web.http.templates import need_name, skill_names
from sync_server.web.manager.late_visits import EVERYBODY, LateVisit, LateVisitReader

MAX_VISITS = 3  # that wait too long are shown one by one; more are one alert together
MAX_NAMES = 6  # in a sentence


class Mend(Struct, frozen=True):
    """A button: `label` is its text, `fields` what its form sends to `address`."""

    label: str
    address: str
    fields: tuple[tuple[str, object], ...] = ()


class FromDisk(Struct, frozen=True):
    """What the alerts need that is not on the floor.

    `kiosks` are the names of the devices. `planned` are the ids of those whom the shift plan has here now.
    `spare` counts the backups that the store can do without, which take `spare_bytes`.
    """

    kiosks: Mapping[str, str]
    planned: tuple[str, ...] = ()
    spare: int = 0
    spare_bytes: int = 0


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
    def __init__(self, floor: Floor, disk: FromDisk, texts: Texts, now: int) -> None:
        self._floor, self._disk, self._texts, self._now = floor, disk, texts, now
        self._catalogue: Catalogue = floor.catalogue
        self._visits = LateVisitReader(floor, now)

    def shown(self, alert: Alert) -> ShownAlert:
        say = self._texts.say
        match alert.code:
            case AlertCode.WAITS_TOO_LONG | AlertCode.OFFERS_LAPSED:
                return self._visit(alert, self._floor.visits[alert.subject])
            case AlertCode.HELP_WANTED:
                return self._help_wanted(alert, self._floor.visits[alert.subject])
            case AlertCode.SKILL_MISSING:
                return self._skill_missing(alert)
            case AlertCode.KIOSK_OFFLINE:
                return self._kiosk_offline(alert)
            case AlertCode.STORAGE_LOW:
                return self._storage_low(alert)
            case AlertCode.FLOOR_EMPTY:
                sentence = say("manager.alert.floor_empty.text")
                if planned := self._names(self._disk.planned):
                    sentence += " " + say("manager.alert.floor_empty.planned", names=planned)
                lead = say("manager.alert.floor_empty")
                return ShownAlert(alert.code, lead, sentence, alert.since, more="/manager/now/kiosks")
            case AlertCode.EVERYBODY_AWAY:
                return self._everybody_away(alert)

    def together(self, alerts: Sequence[Alert]) -> ShownAlert:
        """Many visits that wait too long, as one alert: what helps is to ask again for all of them."""
        say, visits = self._texts.say, [self._floor.visits[alert.subject] for alert in alerts]
        longest = min(visits, key=lambda visit: visit.created_at)
        clock = self._texts.clock((self._now - longest.created_at) / 1000)
        sentence = say("manager.alert.many", n=len(visits), ticket=longest.ticket, clock=clock)
        late = [self._visits.read(visit) for visit in visits if visit.alerted_at is not None]
        reasons = [reason(one, self._catalogue, self._texts) for one in late if one.reason]
        if reasons:
            sentence += " " + max(reasons, key=reasons.count)
        mend = None
        if any(one.may_ask_again or one.may_ask_everybody for one in late):
            mend = Mend(say("manager.alert.ask_all"), "/manager/now/ask-all")
        return ShownAlert(AlertCode.WAITS_TOO_LONG, "", sentence, longest.created_at, mend)

    def _kiosk_offline(self, alert: Alert) -> ShownAlert:
        """Since when, what to do; or it is put away, and nobody needs to look for it today."""
        say, name = self._texts.say, self._disk.kiosks.get(alert.subject, alert.subject)
        if alert.since is None:
            sentence = say("manager.alert.kiosk_offline.never")
        else:
            when = self._texts.moment(self._catalogue.local(alert.since))
            sentence = say("manager.alert.kiosk_offline.since", when=when)
        mend = Mend(say("manager.alert.put_away"), "/manager/now/put-away", (("kiosk", alert.subject),))
        return ShownAlert(alert.code, name, sentence, alert.since, mend, "/manager/devices")

    def _storage_low(self, alert: Alert) -> ShownAlert:
        say, spare = self._texts.say, self._disk.spare
        mend = None
        if spare:
            label = say("manager.alert.free_backups", n=spare, mb=max(1, self._disk.spare_bytes // 1_048_576))
            mend = Mend(label, "/manager/now/backups")
        sentence = say("manager.alert.storage_low.text", mb=MIN_FREE_BYTES // 1_048_576)
        return ShownAlert(alert.code, say("manager.alert.storage_low"), sentence, alert.since, mend)

    def _everybody_away(self, alert: Alert) -> ShownAlert:
        """Who is on a break for the longest time can be called back; else somebody who does not answer."""
        say = self._texts.say
        here = [p for p in self._floor.people.values() if p.chosen is not Presence.OFF_FLOOR]
        first = min(here, key=lambda p: (p.chosen is not Presence.ON_BREAK, p.since))
        sentence = say("manager.alert.everybody_away.text", names=self._names(p.id for p in here))
        seen, presence = first.chosen.value, Presence.AVAILABLE.value
        label = say("manager.alert.call_back", name=self._names([first.id]))
        address = f"/manager/now/people/{quote(first.id)}"
        mend = Mend(label, address, (("seen", seen), ("presence", presence)))
        return ShownAlert(alert.code, say("manager.alert.everybody_away"), sentence, alert.since, mend)

    def _help_wanted(self, alert: Alert, visit: Visit) -> ShownAlert:
        """Who asks, and who is free to go there."""
        say, floor = self._texts.say, self._floor
        asker = self._names([visit.employee or ""])
        need = need_name(self._catalogue, visit.need, self._texts)
        sentence = say("manager.alert.help_wanted", name=asker, ticket=visit.ticket, need=need)
        free = routing.free_people(floor.people.values(), self._now, self._catalogue.times.max_active)
        if names := self._names(person.id for person in free):
            sentence += " " + say("manager.alert.help_wanted.free", names=names)
        fields = (("do", "help"), ("rev", visit.rev))
        mend = Mend(say("manager.alert.taken_care"), visit_page(visit), fields)
        return ShownAlert(alert.code, "", sentence, alert.since, mend)

    def _names(self, employees: Iterable[str]) -> str:
        found = [e.name for one in employees if (e := self._catalogue.employee(one)) is not None]
        return ", ".join([*found[:MAX_NAMES], *(["…"] if len(found) > MAX_NAMES else [])])

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
    found: Sequence[Alert], floor: Floor, disk: FromDisk, texts: Texts, now: int
) -> list[ShownAlert]:
    """The alerts in words. Many visits that wait too long are one alert. `now` in ms UTC."""
    in_words = _InWords(floor, disk, texts, now)
    about_visits = [one for one in found if one.code in (AlertCode.WAITS_TOO_LONG, AlertCode.OFFERS_LAPSED)]
    if len(about_visits) <= MAX_VISITS:
        return [in_words.shown(one) for one in found]
    first = about_visits[0]
    return [
        in_words.together(about_visits) if one is first else in_words.shown(one)
        for one in found
        if one is first or one not in about_visits
    ]


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
