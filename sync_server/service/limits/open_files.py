"""Asks the system for as many open files as the server needs: each connection is one."""

import logging
import resource

from .numbers import OPEN_FILES

log = logging.getLogger(__name__)


def raise_open_files() -> None:
    """Raises the process's limit up to OPEN_FILES, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError) as error:
            log.warning("the limit of open files stays at %d: %s", soft, error)
