"""The kiosk: the touchscreen on which a shopper says what they need."""
