"""What one shopper does at the kiosk, without a screen, a socket or a clock."""
