"""What a kiosk and a tablet run to take part in a store: outbox, sync engine and network link."""
