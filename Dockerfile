# The platform for a server: web, worker and beat run from this one image with different commands (see compose.yaml).
# It holds no database and no mail sink; `network-api up` is for machines without containers.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1
WORKDIR /src

# The libraries first: they change less often than the code.
COPY requirements-server.lock ./
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements-server.lock

COPY setup.cfg pyproject.toml README.md LICENSE wsgi.py ./
COPY network_api network_api
COPY events events
COPY newsletters newsletters
RUN pip install --no-cache-dir --no-deps . && pip check && useradd --system network

# Elsewhere than the source, so that what is imported is what was installed.
WORKDIR /app
USER network

EXPOSE 8000
CMD ["gunicorn", "--config", "python:network_api.web_server", "--bind", "0.0.0.0:8000", "--workers", "2", "wsgi:app"]
