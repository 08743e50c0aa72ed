"""Repairs: what is wrong with the store and its computer, how urgent it is, and what a machine can do."""
