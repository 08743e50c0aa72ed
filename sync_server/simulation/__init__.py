"""Simulated shoppers and employees. They use the same device code and sockets as real ones."""
