"""What a score says of claims: a model that is fitted offline, and the table of relativities that comes of it."""
