"""One class for each layout of a screen, filled by the presenter of the screen."""
