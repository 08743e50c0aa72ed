"""The messages between the server and its devices, and how they are encoded."""
