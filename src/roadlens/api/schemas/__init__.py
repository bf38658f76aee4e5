"""The shapes of answers, a file a resource, each with an example. The field names are a promise to other programs."""
