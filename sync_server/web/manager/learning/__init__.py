"""The page Learning: what was not solved or not easy and why, by need, and what helps."""
