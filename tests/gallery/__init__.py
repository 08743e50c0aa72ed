"""Every screen of both apps without a server: for pictures and for tests."""
