"""Replays the queues of a real call centre, and scores what the wait estimate would have told its callers."""
