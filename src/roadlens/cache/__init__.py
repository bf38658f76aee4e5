"""The cache: knows keys, bytes, time and tags; nothing of drivers, SQL or FastAPI. `http.py` alone knows ASGI."""
