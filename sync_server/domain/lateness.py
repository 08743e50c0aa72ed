"""When a visit in line counts as late, on the tablets and on the manager's page."""


def is_late(created_at: int, alerted_at: int | None, target_wait_s: float | None, now: int) -> bool:
    """Whether the shopper has waited longer than the need's target, or the manager was alerted.

    Times are ms UTC. `target_wait_s` is None if the need is not known: then only the alert counts.
    """
    if alerted_at is not None:
        return True
    return target_wait_s is not None and now - created_at > target_wait_s * 1000
