"""The wall display: a screen that shows which tickets are called and coming, without a name."""
