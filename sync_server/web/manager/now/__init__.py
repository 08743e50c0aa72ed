"""The page Now: who waits, who is here, what needs the manager, and what they can do about it."""
