"""Gives tests to the workers of pytest-xdist, in the groups of `order.group_of`."""

from xdist.scheduler.loadscope import LoadScopeScheduling

from .order import group_of


class GroupScheduler(LoadScopeScheduling):
    """Runs each group on one worker, in the order in which the tests were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
