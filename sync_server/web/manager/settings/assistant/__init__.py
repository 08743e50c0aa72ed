"""The assistant for a new shop: steps that can be left at any time, and are offered until they are done."""
