"""Roadlens: a self-hosted driver-risk server."""

__version__ = "0.1.0"
