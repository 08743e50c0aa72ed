"""The routes of the pages that look after the shop: repairs, backups, updates, and those who sign in."""

from starlette.routing import Route

from sync_server.domain.permissions import Permission

from .access import CONFIRM, Endpoint, confirmed, signed_in
from .backups import backup_list, download, restore_page
from .people import accounts_page, audit_page, confirm, join, own_account
from .people.sign_in_code import CODE_STEP
from .people.sign_in_code import page as sign_in_code
from .phones import phones_page
from .repairs import repairs_page, updates_page
from .restarting import restart_now
from .visit_log import erasing


def upkeep_routes() -> list[Route]:
    """The routes, in the order in which they are tried."""
    one_backup = "/manager/backups/{name}"
    return [
        Route(CODE_STEP, sign_in_code, methods=["GET", "POST"]),
        Route(CONFIRM, signed_in(confirm.page), methods=["GET", "POST"]),
        Route("/manager/join/{code}", join.page, methods=["GET", "POST"]),
        Route("/manager/account", signed_in(own_account.page), methods=["GET"]),
        Route("/manager/account", signed_in(own_account.change_password), methods=["POST"]),
        Route("/manager/account/sessions/{n:int}", signed_in(own_account.end_own_session), methods=["POST"]),
        Route(own_account.FACTOR, signed_in(confirmed(own_account.add_factor)), methods=["GET", "POST"]),
        Route(
            f"{own_account.FACTOR}/remove",
            signed_in(confirmed(own_account.remove_factor, own_account.OWN_ACCOUNT)),
            methods=["POST"],
        ),
        Route("/manager/accounts", _delicate(accounts_page.page), methods=["GET"]),
        Route("/manager/accounts", _delicate(accounts_page.invite), methods=["POST"]),
        Route(
            "/manager/accounts/invitations/{n:int}",
            _delicate(accounts_page.remove_invitation, accounts_page.ACCOUNTS),
            methods=["POST"],
        ),
        Route(
            "/manager/accounts/sessions/{n:int}",
            _delicate(accounts_page.end_session, accounts_page.ACCOUNTS),
            methods=["POST"],
        ),
        Route("/manager/accounts/{name}", _delicate(accounts_page.account), methods=["GET", "POST"]),
        Route("/manager/audit", _managed(audit_page.page)),
        Route(phones_page.TRY + "/{code}", phones_page.opened),
        Route("/manager/phones", _managed(phones_page.page), methods=["GET"]),
        Route("/manager/phones", _managed(phones_page.change), methods=["POST"]),
        Route("/manager/phones/now", _managed(phones_page.status_now)),
        Route("/manager/restart", _managed(restart_now), methods=["POST"]),
        Route("/manager/repairs", signed_in(repairs_page.page)),
        Route("/manager/repairs/diagnostics.json", _managed(repairs_page.download)),
        Route("/manager/repairs/look", _managed(repairs_page.look), methods=["POST"]),
        Route("/manager/repairs/{action}", _managed(repairs_page.mend), methods=["POST"]),
        Route("/manager/visits/{visit}/erase", _delicate(erasing.erase), methods=["GET", "POST"]),
        Route("/manager/updates", signed_in(updates_page.page)),
        Route("/manager/backups", _managed(backup_list.page), methods=["GET"]),
        Route("/manager/backups", _managed(backup_list.make), methods=["POST"]),
        Route(f"{one_backup}/check", _managed(backup_list.check_one), methods=["POST"]),
        Route(f"{one_backup}/download", _delicate(download.download)),
        Route(f"{one_backup}/restore", _delicate(restore_page.page), methods=["GET", "POST"]),
    ]


def _managed(endpoint: Endpoint) -> Endpoint:
    """A page for people who may change things."""
    return signed_in(endpoint, Permission.MANAGE)


def _delicate(endpoint: Endpoint, form_on: str = "") -> Endpoint:
    """The same, for what could take the shop over or lose what it has: the password is asked for again.

    `form_on` is the page with the form, where that is another one.
    """
    return _managed(confirmed(endpoint, form_on))
