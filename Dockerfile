# The image of Swarm Orchestrator: the page, the packages, and a slim root file system that carries both.
#
# The base images are arguments, so that a release can pin them by digest and a site without a hub can name
# its own. Any Python from 3.12 on will do. No step needs BuildKit: Docker's classic builder can build this, too.
ARG NODE_IMAGE=node:24-slim
ARG PYTHON_IMAGE=python:3.12-slim

# --- The page -> backend/_web ------------------------------------------------------------------------------
FROM ${NODE_IMAGE} AS page
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm run build

# --- The packages -> /opt/venv -----------------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS packages
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --disable-pip-version-check "uv>=0.8,<1"
ENV UV_PROJECT_ENVIRONMENT=/opt/venv \
    UV_PYTHON_DOWNLOADS=never \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1
WORKDIR /src
# In two steps: what changes seldom stays in the builder's cache.
COPY pyproject.toml uv.lock ./
RUN /opt/uv/bin/uv sync --frozen --no-install-project --python "$(command -v python3)"
COPY README.md LICENSE ./
COPY backend/ backend/
COPY definitions/examples/ definitions/examples/
COPY --from=page /src/backend/_web/ backend/_web/
RUN /opt/uv/bin/uv sync --frozen --no-editable --python "$(command -v python3)"

# --- What runs ---------------------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE}
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Swarm Orchestrator" \
      org.opencontainers.image.description="The control plane for Docker Swarm: web dashboard, REST API and MCP interface." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/swarm-orchestrator/swarm-orchestrator" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# A new volume at /data takes this owner over.
RUN useradd --uid 10001 --user-group --home-dir /data --no-create-home --shell /usr/sbin/nologin orchestrator \
    && install -d -o 10001 -g 10001 -m 0700 /data \
    && install -d -o 10001 -g 10001 -m 0755 /projects
COPY --from=packages /opt/venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    DOCKER_HOST=unix:///var/run/docker.sock \
    DATABASE_PATH=/data/orchestrator.db \
    DEFINITIONS_DIR=/data/definitions \
    PROJECTS_DIR=/projects \
    ORCHESTRATOR_BIND=0.0.0.0 \
    APP_PORT=8080
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8080
# The Docker socket belongs to a group whose number differs from machine to machine, so whoever runs this names
# it: `--user 10001:GROUP`, where GROUP is what `stat -c %g /var/run/docker.sock` says. The root file system may
# be read-only: what is written goes to /data, and to /tmp, which then has to be a tmpfs.
USER 10001:10001
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 \
    CMD ["/opt/venv/bin/python", "-IS", "-c", "import http.client, os, sys; asked = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('APP_PORT') or 8080), timeout=4); asked.request('GET', '/api/health'); sys.exit(asked.getresponse().status != 200)"]
ENTRYPOINT ["swarm-orchestrator"]
CMD ["serve"]
