"""Turns the state of the tablet into the texts of its screens: one struct for each class of screen."""
