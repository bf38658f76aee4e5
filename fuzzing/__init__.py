"""Asks a running Roadlens what nobody would ask, and says what it should not have answered (docs/fuzzing.md)."""
