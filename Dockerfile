# One image for every process of ours: API, worker, Dagster's three, migrations. The command decides.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock ./
RUN pip install --require-hashes --requirement requirements.lock
COPY . .
# Editable: the dbt project lies beside the packages, where the settings look for it.
RUN pip install --no-deps --no-build-isolation --editable .

FROM python:3.11.14-slim-bookworm
RUN useradd --uid 10001 --no-create-home --home-dir /data oppulence \
    && mkdir /data && chown oppulence:oppulence /data
COPY --from=build /venv /venv
COPY --from=build --chown=oppulence:oppulence /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 OPPULENCE_DATA_DIR=/data DAGSTER_HOME=/data/dagster \
    OPPULENCE_LOG_FORMAT=json
WORKDIR /app
USER oppulence
VOLUME /data
CMD ["oppulence", "--help"]
