"""The demonstration fleet: invented people who drive invented roads, delivered as real drives are."""
