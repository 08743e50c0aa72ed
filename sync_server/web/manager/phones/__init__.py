"""The page Phones: whether shoppers' phones reach the pages of their tickets, and how they get there."""
