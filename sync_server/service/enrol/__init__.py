"""Enrolment: the port on which new devices ask to be let in, and how they find it."""
