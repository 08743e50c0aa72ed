"""The rules of the store: pure functions and values.

Nothing here reads a clock, a file, a socket or a database. The current time is always an argument
(`now`, milliseconds since 1970 in UTC).
"""
