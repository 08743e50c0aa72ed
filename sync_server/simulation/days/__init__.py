"""Whole shops on a virtual clock: the product's own parts among faults, watched at every step.

Floor, shop, desk, store, engine, outbox and replica are the product's. Simulated are the clock, the
network, how long processes live, and the people. docs/develop/simulation.md says what is checked when.
"""
