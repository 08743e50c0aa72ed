"""The messages between the server and its devices, and their form on the wire."""
