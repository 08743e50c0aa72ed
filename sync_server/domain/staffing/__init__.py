"""How many people a store needs: forecast of arrivals, people needed, and the plan compared with them."""
