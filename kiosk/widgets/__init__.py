"""Parts of pages that several screens of the kiosk use."""
