"""The heartbeat between device and server, and when a silent connection counts as lost."""

HEARTBEAT_S = 2.0  # how often a device sends a Ping; the server answers with a Beat
MISSED_BEATS = 3  # after this many heartbeats without a message the device reconnects
