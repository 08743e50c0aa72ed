"""`welkom manager`, `welkom employee` and `welkom token`: accounts, PINs, and tokens for programs."""

from datetime import UTC, datetime
from pathlib import Path

import click

from .common import DATA, change, plainly, reading_store

PASSWORD = click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="8 characters or more."
)


@click.group()
def manager() -> None:
    """Who may open the manager's pages."""


@manager.command("password")
@click.option("--name", default="manager", show_default=True, help="Whose password.")
@PASSWORD
@DATA
@plainly
def manager_password(name: str, password: str, data: Path | None) -> None:
    """Set a password of the manager's pages.

    Every session of that account ends.
    """
    change(data, "set_password", name=name, password=password)
    click.echo(f"{name} has a new password")


@manager.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["manager", "readonly"]),
    default="readonly",
    show_default=True,
    help="readonly sees every page and changes nothing.",
)
@PASSWORD
@DATA
@plainly
def manager_add(name: str, role: str, password: str, data: Path | None) -> None:
    """Let a further person open the manager's pages."""
    change(data, "add_manager", name=name, role=role, password=password)
    click.echo(f"{name} may sign in to the manager's pages, by name and password ({role})")


@manager.command("list")
@DATA
@plainly
def manager_list(data: Path | None) -> None:
    """List who may open the manager's pages."""
    from sync_server.service.auth.managers import every

    with reading_store(data) as db:
        for account in every(db):
            click.echo(f"{account.role.value:9} {account.name}")


@manager.command("remove")
@click.argument("name")
@DATA
@plainly
def manager_remove(name: str, data: Path | None) -> None:
    """Shut somebody out of the manager's pages, at once."""
    change(data, "remove_manager", name=name)
    click.echo(f"{name} can no longer sign in")


@click.group()
def token() -> None:
    """Other programs of the shop, each with a token.

    What it may be used for are its scopes (docs/reference/api.md). Without --scope it opens visits and reads
    the server's figures (docs/shop/monitoring.md).
    """


@token.command("add")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, help="What it may be used for; repeat it for several.")
@DATA
@plainly
def token_add(name: str, scopes: tuple[str, ...], data: Path | None) -> None:
    """Make a token for a program; it is shown once."""
    made = change(data, "add_token", name=name, **({"scopes": " ".join(scopes)} if scopes else {}))
    click.echo(f"{made}   (shown only now; docs/reference/api.md says how to use it)")


@token.command("list")
@DATA
@plainly
def token_list(data: Path | None) -> None:
    """List the programs that have a token, and since when."""
    from sync_server.service.auth.tokens import list_tokens

    with reading_store(data) as db:
        for each in list_tokens(db):
            made = datetime.fromtimestamp(each.made_at / 1000, UTC)
            click.echo(f"{made:%Y-%m-%d}  {each.name}  ({' '.join(sorted(each.scopes))})")


@token.command("revoke")
@click.argument("name")
@DATA
@plainly
def token_revoke(name: str, data: Path | None) -> None:
    """Make a token worthless, at once."""
    change(data, "revoke_token", name=name)
    click.echo(f"The token of {name} opens nothing any more")


@click.group()
def employee() -> None:
    """The people of the floor. Who they are stands in store.toml."""


@employee.command("pin")
@click.argument("employee_id")
@click.option(
    "--pin",
    prompt=True,
    hide_input=True,
    confirmation_prompt=True,
    help="6 to 8 digits, unless store.toml says otherwise.",
)
@DATA
@plainly
def employee_pin(employee_id: str, pin: str, data: Path | None) -> None:
    """Set an employee's PIN."""
    change(data, "set_pin", employee=employee_id, pin=pin)
    click.echo(f"{employee_id} has a new PIN")
