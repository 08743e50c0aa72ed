"""Mail: the digest of a day and alerts, written into the store first, sent by the shop's own mail server."""
