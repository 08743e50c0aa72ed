"""`welkom explore`: the store in Datasette, read-only, with ready questions and charts."""
