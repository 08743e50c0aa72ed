"""Copies needs and employees of `store.toml` into tables, for SQL tools.

Entries that are not in `store.toml` any more stay: past visits name them.
"""

import sqlite3

from msgspec import json

from sync_server.domain.catalogue.catalogue import Catalogue, Employee


def mirror_catalogue(db: sqlite3.Connection, catalogue: Catalogue) -> None:
    """Writes what is new. An unchanged entry is not written, so that a server also starts on a full disk."""
    for need in catalogue.needs:
        row = (
            need.code,
            json.encode(need.text).decode(),
            need.icon,
            need.under,
            json.encode(need.skills).decode(),
            json.encode(need.prefer).decode(),
            need.priority,
            need.target_wait_s,
            need.target_service_s,
        )
        if db.execute("SELECT * FROM needs WHERE code = ?", (need.code,)).fetchone() != row:
            db.execute("INSERT OR REPLACE INTO needs VALUES (?,?,?,?,?,?,?,?,?)", row)
    for employee in catalogue.employees:
        mirror_employee(db, employee)


def mirror_employee(db: sqlite3.Connection, employee: Employee) -> None:
    """Writes one employee if they are new or changed. Their PIN stays."""
    db.execute(
        "INSERT INTO employees (id, name, skills) VALUES (?,?,?) ON CONFLICT(id) DO UPDATE"
        " SET name = excluded.name, skills = excluded.skills"
        " WHERE (name, skills) IS NOT (excluded.name, excluded.skills)",
        (employee.id, employee.name, json.encode(sorted(employee.skills)).decode()),
    )


def employee_names(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Id and name of everybody who works or has worked in the store, by name."""
    return db.execute("SELECT id, name FROM employees ORDER BY name, id").fetchall()
