"""Version 1 of the HTTP API: a table of routes, and the application and the document made from it."""
