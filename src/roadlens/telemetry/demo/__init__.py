"""The demonstration fleet: invented people who drive invented roads, delivered through the steps that real drives take."""
