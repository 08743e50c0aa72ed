"""One page for each screen of the kiosk."""
