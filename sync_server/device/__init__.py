"""What a kiosk or tablet runs to take part: the same code for both.

A tap becomes an op, is committed to the outbox, and is repeated until the server has answered.
What a device shows is the server's rows plus its own ops that are not answered yet.
"""
