"""Retention and erasure of what describes shoppers, in the store and in replaced stores."""
