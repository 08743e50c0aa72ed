"""The pages of the visit log: its table with filters, its exports, one visit, and corrections."""
