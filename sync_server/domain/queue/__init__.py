"""The line: who is served next and by whom, and how long a shopper will wait."""
