"""The store.toml of a small store, for simulated days and for tests."""

import json
from collections.abc import Mapping, Sequence


def small_store(
    name: str,
    closes: str,
    needs: str,
    employees: Mapping[str, Sequence[str]],
    tables: str = "",
    tip: str = "",
) -> str:
    """A store with two skills, one place, one tip and one gift.

    `needs` are its [[needs]] tables, `tables` others such as [times]. `employees` has the skills of each id.
    `tip` is added to the tip's table.
    """
    people = "\n".join(
        f'[[employees]]\nid = "{who}"\nname = "{who.capitalize()}"\nskills = {json.dumps(list(skills))}\n'
        for who, skills in employees.items()
    )
    return f"""\
[store]
name = "{name}"
timezone = "Europe/Amsterdam"
languages = ["en"]
closes = "{closes}"

{tables}
[[skills]]
code = "repair"
text = {{ en = "Repairs" }}

[[skills]]
code = "sales"
text = {{ en = "Sales" }}

{needs}
[[places]]
code = "door"
text = {{ en = "By the door" }}
icon = "door"

[[tips]]
code = "dry"
text = {{ en = "Keep it dry" }}
{tip}

[[gifts]]
code = "cable"
text = {{ en = "A cable" }}
cents = 900

{people}"""


def need(code: str, text: str, icon: str, more: str = "") -> str:
    """One [[needs]] table. `more` are its further lines."""
    return f'[[needs]]\ncode = "{code}"\ntext = {{ en = "{text}" }}\nicon = "{icon}"\n{more}\n'
