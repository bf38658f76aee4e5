"""What `make` runs on the tree itself. Not part of the package."""
