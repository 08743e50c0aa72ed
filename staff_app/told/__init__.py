"""What each screen is told, in words: a struct a screen, its fields named as the screen's properties."""
