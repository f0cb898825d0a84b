# The trader and its API. It writes to /data only; everything else may be read-only.
FROM python:3.11-slim-bookworm AS build
RUN python -m venv /opt/venv
WORKDIR /src
COPY requirements.txt ./
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY kalshi_edge kalshi_edge
COPY kalshi_sandbox kalshi_sandbox
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps . \
    && /opt/venv/bin/python -m compileall -q /opt/venv/lib

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin trader \
    && install --directory --owner=trader --mode=0700 /data
COPY --from=build /opt/venv /opt/venv
# Without API_SECRET_KEY the API stays on the container's own loopback, whatever API_HOST says.
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    API_HOST=:: \
    API_PORT=8000 \
    STORE_PATH=/data/trader.db
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Whether it lives, never whether it is ready: a halted trader must not be restarted.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as web; web.urlopen('http://127.0.0.1:' + os.environ['API_PORT'] + '/api/health', timeout=4)"]
CMD ["kalshi-edge", "run"]
