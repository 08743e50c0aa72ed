"""The sync logic of a device, without a socket, a disk or a clock."""
