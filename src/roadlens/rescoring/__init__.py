"""Scores history again, when thresholds, weights or the formula change: over exported files, beside what is live."""
