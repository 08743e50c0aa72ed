"""Sync with the devices: the socket, who may connect, their messages and their updates."""
