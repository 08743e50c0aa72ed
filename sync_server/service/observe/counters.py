"""Counts what the server does while it runs, and what it refuses.

counters.add("messages")
counters.values()  # {"messages": 1, "ops_done": 0, …}
"""

COUNTED = {
    "messages": "messages of devices that came in",
    "ops_done": "ops done",
    "ops_refused": "ops the rules refused",
    "ops_repeated": "ops that had their answer already and got the same one again",
    "commits_failed": "writes the disk refused",
    "strangers": "connections with a key the store does not know",
    "handshakes_broken": "connections that began no handshake, or a wrong one, or none in time",
    "connections_shed": "connections ended because too many had shown no key yet",
    "gate_restarts": "times the authenticator, which judges every new connection, had to be started again",
    "enrolments": "devices enrolled by pairing",
    "enrol_requests": "requests to the enrolment port",
    "enrolments_refused": "requests to be enrolled that were turned away",
    "enrol_shed": "connections to the enrolment port beyond its limits",
    "revoked_messages": "messages of revoked devices, which had no effect",
    "messages_of_many_frames": "messages of more than one frame, refused",
    "messages_unreadable": "frames that were no message, refused",
    "messages_put_off": "messages that waited, or were dropped, because their device sent too many",
    "sign_ins_put_off": "sign-ins put off because their device had too many under way",
    "ops_put_off": "ops put off because too many of their device, or of all for the disk, waited",
    "devices_too_slow": "devices let go because they were gone or did not read what they were sent",
    "web_shed": "connections to the pages ended because there were too many",
    "web_too_slow": "connections to the pages ended because they did not send or read in time",
    "webhooks_delivered": "webhooks that their target has",
    "webhooks_failed": "tries to deliver a webhook that failed",
    "mails_sent": "mails that the mail server has",
    "mails_failed": "tries to send a mail that failed",
    "web_too_large": "requests to the pages refused because they were too large",
}  # fmt: skip


class Counters:
    """Numbers that only rise, from the start of the server on. They hold nothing about anybody."""

    def __init__(self) -> None:
        self._values = dict.fromkeys(COUNTED, 0)

    def add(self, name: str, n: int = 1) -> None:
        """Raises KeyError for a name that is not in COUNTED."""
        self._values[name] += n

    def values(self) -> dict[str, int]:
        """All counters as they are now."""
        return dict(self._values)
