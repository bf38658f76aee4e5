"""Scoring: arithmetic only. Thresholds and weights in one table, a trip's score, a driver's risk score. No I/O, no clock."""
