"""What can be asked, a file a resource. A route reads and shapes what it read; it has no SQL and no rule of its own."""
