"""What a running server tells others by itself: webhooks, mail and alerts, put together."""
