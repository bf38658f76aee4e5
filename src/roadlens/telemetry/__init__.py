"""Telemetry: what vehicles send becomes trips, safety events and scores, step by visible step."""
