"""Stand-ins for loop, processes and network: virtual time, and processes that can be killed anywhere."""
