"""The error for rules that broke one of their own invariants."""


class InvariantViolated(ValueError):
    """The rules did what must never happen. It is an error in the rules, not of the person who tapped.

    `number` is that of the list "What always holds" in docs/develop/architecture.md. `subject` is the ticket
    of the visit, or what else it is about; `what` says what happened. The server treats the exception
    like any exception of the rules: it drops what was not written and reads the floor from the disk again.
    """

    def __init__(self, number: int, subject: str, what: str) -> None:
        super().__init__(f"{subject}: {what} (invariant {number})")
        self.number = number
        self.subject = subject
        self.what = what
