# Airflow with Cuadre in it: the packages of the lock file, GnuPG, and the code under /opt/cuadre.
FROM apache/airflow:3.3.2-python3.12

USER root
RUN apt-get update \
 && apt-get install --yes --no-install-recommends gnupg \
 && rm -rf /var/lib/apt/lists/* \
 && install --directory --owner=airflow --group=0 --mode=0775 /opt/cuadre /var/lib/cuadre

USER airflow
WORKDIR /opt/cuadre
# One lock file for everyone, tools for development too: what runs here is, to the hash, what the tests ran with. A second
# lock would save some 100 MB and could differ.
COPY --chown=airflow:0 requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

COPY --chown=airflow:0 pyproject.toml README.md LICENSE pools.json ./
COPY --chown=airflow:0 include ./include
COPY --chown=airflow:0 dags ./dags
COPY --chown=airflow:0 plugins ./plugins
COPY --chown=airflow:0 deploy ./deploy
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable .

ENV PYTHONPATH=/opt/cuadre/include \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/cuadre/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/cuadre/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False
WORKDIR /opt/airflow
