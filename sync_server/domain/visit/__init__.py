"""One visit: its states, transitions, ticket, durations, and its progress as shoppers see it."""
