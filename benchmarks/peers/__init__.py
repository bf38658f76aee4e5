"""What Roadlens is compared with over HTTP: each module has a factory of one ASGI application."""
