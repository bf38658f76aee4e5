"""Every statement that changes something, a file a resource."""
