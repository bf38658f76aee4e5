"""What people who run Roadlens see of it: every metric in one table, and the id that each request is known by."""
