"""The screens on which a new kiosk or tablet gets to know its store. Both apps use them."""
