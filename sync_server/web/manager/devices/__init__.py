"""The pages of kiosks and tablets: the list, one device, letting new ones in."""
