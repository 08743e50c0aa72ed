"""The screens on which a new kiosk or tablet is paired with its store. Both apps use them."""
