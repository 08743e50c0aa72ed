"""The pages Repairs and Updates: what is wrong and how it is mended, and what is new in Welkom."""
