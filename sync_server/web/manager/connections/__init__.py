"""The pages of what connects the shop with others: programs with tokens, webhooks, mail."""
