"""The store's web pages and HTTP API, served by the server's own process."""
