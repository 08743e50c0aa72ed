"""What a report is made of: summaries of days that can be added up, and the figures of a summary."""
