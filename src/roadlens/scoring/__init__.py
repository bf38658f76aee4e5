"""Scoring: thresholds and weights in one table, a trip's score, a driver's risk. Arithmetic only: no I/O, no clock."""
