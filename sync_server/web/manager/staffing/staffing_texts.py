"""The sentences of the page Staffing, in one language."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from babel.numbers import format_decimal

from assets.i18n.formats import locale_of
from assets.i18n.texts import Texts
from sync_server.domain.catalogue.catalogue import Catalogue
from sync_server.domain.staffing.advice import WHOLE_SHOP, Change, Service, Slot
from sync_server.domain.staffing.forecast import ForecastError
from sync_server.domain.staffing.shift_plan import LineProblem
from sync_server.service.staffing.plan_file import FileProblem
from sync_server.service.staffing.planned_shifts import ImportedPlan
from sync_server.web.http import formatting

FEW = 0.05  # a forecast that is less wrong than this, as a share, is neither too high nor too low


class StaffingTexts:
    """The sentences for a store's catalogue."""

    def __init__(self, texts: Texts, catalogue: Catalogue) -> None:
        self._texts = texts
        self._say = texts.say
        self._catalogue = catalogue

    # --- pieces ------------------------------------------------------------------------------------

    def skill(self, code: str) -> str:
        """A skill's name, or that of the whole shop."""
        found = next((skill for skill in self._catalogue.skills if skill.code == code), None)
        return self._texts.text(found.text, code) if found else self._say("manager.staffing.whole_shop")

    def day(self, day: date) -> str:
        """`Saturday 7 March`."""
        return self._texts.heading(day)

    def week(self, first: date, last: date) -> str:
        """`7 Mar – 13 Mar`."""
        return f"{self._texts.short_date(first)} – {self._texts.short_date(last)}"

    def half_hour(self, slot: int) -> str:
        """The time at which a half-hour begins; 48 is midnight."""
        return self._texts.time(datetime.combine(date.min, time()) + timedelta(minutes=30 * (slot % 48)))

    def _between(self, first: int, end: int) -> str:
        return f"{self.half_hour(first)}–{self.half_hour(end)}"

    def _when(self, day: date, first: int, end: int) -> str:
        return self._say("manager.staffing.when", day=self.day(day), time=self._between(first, end))

    def _number(self, value: float) -> str:
        return formatting.decimal(value, self._texts.language)

    # --- the answer ------------------------------------------------------------------------------------

    def too_few(self) -> str:
        """There is no advice yet."""
        return self._say("manager.staffing.too_few")

    def answer(self, slots: Sequence[Slot], changes: Sequence[Change]) -> str:
        """Where most people are missing; without a plan, when most are needed."""
        if changes:
            worst = changes[0]
            when = self._when(worst.day, worst.first, worst.end)
            return self._missing(when, worst.skill, worst.people)
        if any(slot.planned is not None for slot in slots):
            return self._say("manager.staffing.enough")
        whole = [slot for slot in slots if slot.skill == WHOLE_SHOP]
        if not whole:
            return self._say("manager.staffing.closed")
        busiest = max(whole, key=lambda slot: (slot.needed, slot.visits))
        when = self._when(busiest.day, busiest.slot, busiest.slot + 1)
        return self._say("manager.staffing.no_plan", busiest.needed, when=when)

    def _missing(self, when: str, skill: str, people: int) -> str:
        if skill == WHOLE_SHOP:
            return self._say("manager.staffing.short_in_all", people, when=when)
        return self._say("manager.staffing.short", people, when=when, skill=self.skill(skill))

    def basis(self, service: Service, target_s: float) -> str:
        """What the numbers are to reach, and what they follow from."""
        return self._say(
            "manager.staffing.basis",
            share=formatting.percent(service.share, self._texts.language),
            when=self._texts.within(target_s),
            clock=formatting.duration(service.handling_s[WHOLE_SHOP]),
        )

    def error(self, error: ForecastError | None) -> str:
        """How far the forecasts of the last four weeks were off."""
        if error is None:
            return self._say("manager.staffing.error_unknown")
        off = self._say(
            "manager.staffing.error",
            off=self._number(error.off),
            visits=self._number(error.visits),
            chance=self._number(error.by_chance),
        )
        if abs(error.too_high) < FEW:
            return off
        key = "manager.staffing.too_high" if error.too_high > 0 else "manager.staffing.too_low"
        share = formatting.percent(abs(error.too_high), self._texts.language)
        return f"{off} {self._say(key, share=share)}"

    # --- changes -----------------------------------------------------------------------------------

    def change(self, change: Change) -> str:
        """One person more, and what it brings."""
        when = self._when(change.day, change.first, change.end)
        gain = self._number(change.gain) if change.gain < 10 else self._whole(change.gain)
        if change.skill == WHOLE_SHOP:
            return self._say("manager.staffing.change_any", when=when, shoppers=gain)
        return self._say("manager.staffing.change", when=when, skill=self.skill(change.skill), shoppers=gain)

    def _whole(self, value: float) -> str:
        return str(format_decimal(round(value), locale=locale_of(self._texts.language)))

    def who_could(self, change: Change) -> str:
        """Who has the skill and is not planned then."""
        names = ", ".join(e.name for e in self._catalogue.employees if e.id in change.could)
        return (
            self._say("manager.staffing.could", names=names)
            if names
            else self._say("manager.staffing.nobody")
        )

    def said_of_day(self, slots: Sequence[Slot]) -> str:
        """The picture of a day in words."""
        if not slots:
            return self._say("manager.staffing.day_closed")
        if slots[0].planned is None:
            return self._say("manager.staffing.day_needed", max(slot.needed for slot in slots))
        short, spare = (
            ", ".join(self._between(slot.slot, slot.slot + 1) for slot in slots if getattr(slot, kind))
            for kind in ("short", "spare")
        )
        if not short and not spare:
            return self._say("manager.staffing.day_even")
        said = [self._say("manager.staffing.day_short", times=short)] if short else []
        said += [self._say("manager.staffing.day_spare", times=spare)] if spare else []
        return " ".join(said)

    # --- the plan ------------------------------------------------------------------------------------

    def imported(self, plan: ImportedPlan) -> str:
        """Who imported the plan, when, and for which days."""
        return self._say(
            "manager.staffing.imported",
            plan.shifts,
            file=plan.file,
            name=plan.imported_by,
            when=self._texts.moment(self._catalogue.local(plan.imported_at)),
            first=self._texts.date(date.fromisoformat(plan.from_day)),
            last=self._texts.date(date.fromisoformat(plan.to_day)),
        )

    def file_problem(self, problem: FileProblem) -> str:
        """Why a file is no plan."""
        return self._say(f"manager.staffing.file.{problem}")

    def line_problem(self, problem: LineProblem) -> str:
        """Why a line cannot be used."""
        key = f"manager.staffing.line.{problem.problem}"
        return self._say(key, line=problem.number, who=problem.who or formatting.NOTHING, other=problem.other)
