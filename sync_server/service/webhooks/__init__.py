"""Tells programs elsewhere of events, by the Standard Webhooks convention: written with the event, sent later."""
