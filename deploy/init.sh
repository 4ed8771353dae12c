#!/bin/bash
# Runs once before everything else: folders of the shared volume, Airflow's database, the pools, the marts.
set -euo pipefail

state=/var/lib/cuadre
mkdir -p "$state"/{airflow,store,journal,keyring,sources,provider} /opt/airflow/logs
chown -R airflow:0 "$state" /opt/airflow/logs
chmod 700 "$state/keyring" "$state/airflow"

as_airflow() { setpriv --reuid=airflow --regid=0 --clear-groups -- env HOME=/home/airflow "$@"; }
as_airflow airflow db migrate
as_airflow airflow pools import /opt/cuadre/pools.json
as_airflow cuadre marts migrate
