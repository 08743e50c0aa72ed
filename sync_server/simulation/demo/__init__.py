"""The demo: real processes with simulated people, at a multiple of life's pace."""
