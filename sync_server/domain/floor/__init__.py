"""The live state of a store: what an op or the time changes in it, and the invariants that it checks."""
