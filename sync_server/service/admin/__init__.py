"""The commands that change a store, and how the command line reaches the store."""
