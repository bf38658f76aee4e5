# syntax=docker/dockerfile:1
# Roadlens without a database: DATABASE_URL says where that is. docs/operations.md has how to run it.
# The image knows no secret and needs to write nothing but a temporary directory.

ARG PYTHON=3.13-slim-bookworm

FROM python:${PYTHON} AS build
WORKDIR /source
COPY . .
# The lock has a wheel for everything, so no compiler is needed here either. A data directory in a container is lost with
# it: the embedded PostgreSQL stays out.
RUN ROADLENS_WITHOUT_POSTGRES=1 sh tools/install.sh /opt/roadlens /usr/local/bin/python3

FROM python:${PYTHON} AS run
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Roadlens" \
      org.opencontainers.image.description="A self-hosted driver-risk server" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/roadlens /opt/roadlens
# HOST: who may reach it, the network before the container decides.
ENV PATH=/opt/roadlens/bin:$PATH \
    HOST=0.0.0.0 \
    PORT=8000 \
    ROADLENS_DATA_DIR=/var/lib/roadlens \
    ROADLENS_EMPTY=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# A number, so that Kubernetes can see that it is not root. It owns nothing in here.
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
# Alive, not ready: a database that is away is no reason to end a process that waits for it.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-m", "roadlens.cli.health"]
ENTRYPOINT ["roadlens"]
CMD ["serve"]
