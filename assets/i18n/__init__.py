"""The texts that people read, in the languages of the store."""
