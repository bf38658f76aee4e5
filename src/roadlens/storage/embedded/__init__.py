"""PostgreSQL in a box: finds the binaries, keeps one server running in the data directory, and says who owns it."""
