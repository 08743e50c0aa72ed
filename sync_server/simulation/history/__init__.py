"""A store's past, made in seconds: simulated people on the domain's floor, written to a store in bulk."""
