"""The dashboard: static files that ask the API, served without a build step and without any other host."""
