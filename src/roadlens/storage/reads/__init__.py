"""Every statement that only reads, a file a resource."""
