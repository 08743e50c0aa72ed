"""What a device keeps on disk: its database and its identity file."""
