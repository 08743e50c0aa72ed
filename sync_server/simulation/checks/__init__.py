"""The checks of the invariants at every commit and message of a simulated store."""
