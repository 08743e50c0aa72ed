"""Tells programs elsewhere of events by Standard Webhooks: written with the event, delivered later."""
