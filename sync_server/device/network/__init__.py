"""Connections to the store: the encrypted link, pairing, and finding the store on the network."""
