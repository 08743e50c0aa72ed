"""Says a repair in the words of the pages: what is wrong, what to do, and where."""

from msgspec import Struct

from assets.i18n.texts import Texts
from sync_server.service.repairs.repair import Repair, RepairAction, Severity
from sync_server.service.upkeep.finding import FindingKind, Values

# Where a person goes on with a finding that no button mends. A `{value}` is the finding's own.
_PLACES = {
    FindingKind.SETTINGS: "/manager/settings/file",
    FindingKind.NO_PIN: "/manager/settings/employees",
    FindingKind.UNSEEN: "/manager/device/{device}",
    FindingKind.NO_KIOSK: "/manager/devices",
    FindingKind.NO_TABLET: "/manager/devices",
    FindingKind.BACKUP_RICHER: "/manager/backups",
    FindingKind.UNSOUND: "/manager/backups",
    FindingKind.NO_ADDRESS: "/manager/phones",
    FindingKind.NOT_REACHED: "/manager/phones",
    FindingKind.CERTIFICATE: "/manager/phones",
    FindingKind.CERTIFICATE_ENDS: "/manager/phones",
    FindingKind.WEBHOOK_FAILS: "/manager/settings/webhooks/{name}",
    FindingKind.MAIL_FAILS: "/manager/settings/mail",
}


class ShownRepair(Struct, frozen=True):
    """A repair. `place` is the page to go on with, empty without one; `detail` is the sentence of the log.

    `button` is the text of the button, empty without an action. `device` is whom the action is about.
    """

    severity: Severity
    sentence: str
    advice: str
    action: RepairAction | None
    button: str
    place: str
    detail: str
    device: str


def shown_repair(repair: Repair, texts: Texts, may_manage: bool, values: Values | None = None) -> ShownRepair:
    """The repair as a page shows it. `values` are more than those of the finding."""
    finding = repair.finding
    known = {**finding.values, **(values or {})}
    key = _key(finding.kind, known)
    place = _PLACES.get(finding.kind, "")
    action = repair.action if may_manage else None
    return ShownRepair(
        repair.severity,
        _say(texts, key, known),
        _say(texts, f"manager.repair.{finding.kind.value}.do", known),
        action,
        _say(texts, f"manager.repair.button.{action.value}", known) if action else "",
        place.format(**finding.values) if place else "",
        finding.text,
        str(finding.values.get("device", "")),
    )


def sentence_of(repair: Repair, texts: Texts) -> str:
    """What is wrong, in one sentence."""
    return _say(texts, _key(repair.finding.kind, repair.finding.values), repair.finding.values)


def _key(kind: FindingKind, values: Values) -> str:
    if kind is FindingKind.BACKUP_LATE and not values.get("day"):
        return "manager.repair.backup_late.never"
    return f"manager.repair.{kind.value}"


def _say(texts: Texts, key: str, values: Values) -> str:
    n = values.get("n")
    more = {name: value for name, value in values.items() if name != "n"}
    return texts.say(key, n if isinstance(n, int) else None, **more)
