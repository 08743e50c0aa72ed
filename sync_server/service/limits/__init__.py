"""How much the server accepts: the numbers, and the rate limiters that apply them."""
