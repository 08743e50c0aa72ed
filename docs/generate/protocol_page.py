"""Completes docs/reference/protocol.md and docs/reference/enrolment.md from the code and the golden files.

`python docs/generate/protocol_page.py` writes the columns *type* and *if left out* of each table of
fields from the code, and below each table a golden file as the example. People write the rest.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec import UNSET, inspect

DOCS = Path(__file__).parents[1]
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

from sync_server.domain.catalogue import catalogue, times  # noqa: E402
from sync_server.domain.ops import DeviceOp  # noqa: E402
from sync_server.domain.refusal import Refusal  # noqa: E402
from sync_server.protocol import device_file, enrol, rows  # noqa: E402
from sync_server.protocol.messages import FromDevice, FromServer  # noqa: E402

WIRE = ROOT / "tests" / "contract" / "wire"
ENROL = ROOT / "tests" / "contract" / "enrol"
PROTOCOL = DOCS / "reference" / "protocol.md"
ENROLMENT = DOCS / "reference" / "enrolment.md"

HEAD = "| field | type | if left out | meaning |\n|---|---|---|---|"
TABLE = re.compile(r"(?m)^\| field \|.*\n\|[-| ]+\|\n(?:\|.*\n)*")
EXAMPLE = re.compile(r"(?s)<!-- example, made by .*?```json\n.*?```\n\n?")
PATTERNS = {  # what a pattern means to a reader
    r"^[0-9a-f]{32}\Z": "32 hexadecimal digits",
    r"^[0-9a-f]{64}\Z": "64 hexadecimal digits",
    r"^[a-z]{2}\Z": "two letters",
    r"^[A-Z]{1,2}-[1-9][0-9]{0,3}\Z": "ticket, such as `A-7`",
    r"^[a-z_]{1,20}\Z": "1 to 20 small letters or `_`",
    r"^[A-Za-z0-9_-]{22}\Z": "22 characters of base64url",
    r"^[0-9]{4,8}\Z": "4 to 8 digits",
    r"^[!-~]{40}\Z": "40 characters of Z85",
    r"^(kiosk|staff)\Z": "`kiosk` or `staff`",
    r"^[a-z0-9][a-z0-9-]{0,63}\Z": "1 to 64 of a–z, 0–9 and dashes",
    r"^[A-Z]{1,4}\Z": "1 to 4 letters",
    r"^[^\x00-\x1f\x7f]*\Z": "1 to 40 characters",
    r"^(https?://[!-~]+)?\Z": "address of a page, or empty",
}
ROWS = {
    "visit row": rows.VisitRow,
    "person row": rows.PersonRow,
    "quote row": rows.QuoteRow,
    "told waits row": rows.ToldWaitsRow,
    "overrides row": rows.OverridesRow,
    "closed need row": rows.ClosedNeedRow,
    "announcement row": rows.AnnouncementRow,
}
CATALOGUE = {
    "catalogue": catalogue.Catalogue,
    "retired": catalogue.Retired,
    "store": catalogue.StoreInfo,
    "need": catalogue.Need,
    "self_help": catalogue.SelfHelp,
    "skill": catalogue.Skill,
    "employee": catalogue.Employee,
    "place": catalogue.Place,
    "tip": catalogue.Tip,
    "gift": catalogue.Gift,
    "times": times.Times,
}
NAMES = {**{kind: name for name, kind in (ROWS | CATALOGUE).items()}, Refusal: "refusal"}


def tag(kind: Any) -> str:
    return str(kind.__struct_config__.tag)


MESSAGES = {tag(kind): kind for kind in (*get_args(FromDevice), *get_args(FromServer))}
OPS = {tag(kind): kind for kind in get_args(DeviceOp)}
ENROL_MESSAGES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        enrol.Ask,
        enrol.AskAccepted,
        enrol.Reveal,
        enrol.EnrolmentState,
        enrol.Enrolled,
        enrol.Present,
        enrol.Welcome,
        enrol.Denied,
    )
}
ENROL_FILES = {
    "Ask": "ask",
    "AskAccepted": "asked",
    "Reveal": "reveal",
    "EnrolmentState": "standing-approved",
    "Present": "present",
    "Welcome": "welcome",
    "Denied": "denied",
}


def type_in_words(kind: inspect.Type) -> str:
    """What a value must be, for a reader of the page. Raises ValueError for a type without words."""
    match kind:
        case inspect.UnionType(types):
            return " or ".join(type_in_words(t) for t in types if not _is_absence(t))
        case inspect.StrType(min_length, max_length, pattern):
            if pattern is not None:
                return PATTERNS[pattern]
            least = f"{min_length} to " if min_length else "at most "
            return f"{least}{max_length} characters" if max_length else "text"
        case inspect.IntType(_, ge=least, le=most):
            return f"number, {least} to {most}" if least is not None and most is not None else "number"
        case inspect.FloatType():
            return "number, may have decimals"
        case inspect.BoolType():
            return "`true` or `false`"
        case inspect.EnumType(cls):
            return "one of its codes" if len(cls) > 5 else " or ".join(f"`{member.value}`" for member in cls)
        case inspect.VarTupleType(item) | inspect.FrozenSetType(item) | inspect.ListType(item):
            return f"list: {type_in_words(item)}"
        case inspect.DictType():
            return "object: language → text"
        case inspect.StructType(cls):
            return "op" if cls in OPS.values() else NAMES.get(cls, cls.__name__)
    raise ValueError(f"no words for {kind}")


def _is_absence(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.NoneType) or getattr(kind, "cls", None) is msgspec.UnsetType


def default_in_words(field: Any) -> str:
    """What it means that a field is left out."""
    if field.required:
        return "not allowed"
    made = field.default_factory
    default = field.default if made is msgspec.NODEFAULT else made()
    if default is None or default is UNSET or default is msgspec.NODEFAULT:
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if default in ("", (), {}):
        return "empty"
    if isinstance(default, msgspec.Struct):
        return "the defaults below"
    return f"`{json.dumps(default)}`"


def fields(kind: Any) -> dict[str, tuple[str, str]]:
    """Type and default of each field, in words."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    found = {}
    for field in info.fields:
        members = getattr(field.type, "types", ())
        is_op = any(getattr(member, "cls", None) in OPS.values() for member in members)
        found[field.encode_name] = ("op" if is_op else type_in_words(field.type), default_in_words(field))
    return found


def table(written: str, kind: Any) -> str:
    """The table of fields with its middle columns made anew; the meanings are those that are written."""
    lines = [line for line in written.splitlines() if line.startswith("| `")]
    meanings = {}
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        meanings[cells[0].strip("`")] = cells[-1]
    made = [f"| `{name}` | {t} | {d} | {meanings.get(name, '')} |" for name, (t, d) in fields(kind).items()]
    return "\n".join([HEAD, *made])


def example(golden: str) -> str:
    """One golden file as it crosses the wire, on lines that fit a page."""
    pretty = json.dumps(json.loads(golden), ensure_ascii=False, indent=2)
    pretty = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: "[" + re.sub(r"\s+", " ", m[1]) + "]", pretty)
    return f"<!-- example, made by docs/generate/protocol_page.py -->\n```json\n{pretty}\n```"


def golden_file(name: str) -> Path | None:
    """The golden file of a message or an op with the most fields."""
    side = "submit-" if name in OPS else ""
    found = [p for p in WIRE.rglob("*.json") if re.fullmatch(rf"(device|server)-{side}{name}(-.*)?", p.stem)]
    return max(found, key=lambda path: (path.stat().st_size, path.name), default=None)


def section(body: str, kind: Any, golden: Path | None) -> str:
    """The text below a heading, with its table and its example made anew."""
    body = EXAMPLE.sub("", body)
    shown = example(golden.read_text("utf-8")) if golden else ""
    old = TABLE.search(body)
    if old is None:
        return body.rstrip("\n") + f"\n\n{shown}\n\n"
    made = table(old[0], kind) + "\n" + (f"\n{shown}\n" if shown else "")
    return body[: old.start()] + made + body[old.end() :]


def complete(page: str, kinds: dict[str, Any], golden: dict[str, Path]) -> str:
    """The page with the sections of these kinds made anew."""
    parts = re.split(r"(?m)^(###? .+\n)", page)
    for n in range(1, len(parts), 2):
        title = parts[n].lstrip("#").strip()
        if title in kinds:
            parts[n + 1] = section(parts[n + 1], kinds[title], golden.get(title))
    return "".join(parts)


def protocol_page(page: str) -> str:
    kinds = MESSAGES | OPS | ROWS | CATALOGUE
    golden = {name: path for name in MESSAGES | OPS if (path := golden_file(name))}
    # One of many: a `submit` with a short op, and a snapshot with every list.
    golden["submit"] = WIRE / "0.1.0" / "device-submit-accept.json"
    golden["snapshot"] = WIRE / "server-snapshot-named.json"
    return complete(page, kinds, golden)


def enrolment_page(page: str) -> str:
    kinds = {**ENROL_MESSAGES, "The device file": device_file.DeviceFile}
    return complete(page, kinds, {name: ENROL / f"{file}.json" for name, file in ENROL_FILES.items()})


if __name__ == "__main__":
    PROTOCOL.write_text(protocol_page(PROTOCOL.read_text("utf-8")), "utf-8")
    ENROLMENT.write_text(enrolment_page(ENROLMENT.read_text("utf-8")), "utf-8")
