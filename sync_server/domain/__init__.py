"""The rules of the floor: pure functions and values.

Nothing here reads a clock, a file, a socket or a database. The present moment is
always an argument (`now`, milliseconds since 1970 in UTC).
"""
