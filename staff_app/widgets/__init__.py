"""Parts of screens that several screens of the tablet use."""
