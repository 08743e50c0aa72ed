"""The trades that Welkom has a complete example of: what people come for there, skills, texts and hours."""

from pathlib import Path

from assets import paths

ELECTRONICS = "electronics"  # its example is the demo's shop
TRADES = (ELECTRONICS, "pharmacy", "optician", "bank", "town_hall", "library")


def trade_file(trade: str) -> Path:
    """The `store.toml` that a shop of this trade begins with."""
    return paths.DEMO_STORE if trade == ELECTRONICS else paths.TRADES / f"{trade}.toml"
