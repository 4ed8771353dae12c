#!/bin/bash
# Plays yesterday, local time of the source: archives into a watched folder, orders and bank credits into the
# warehouse, keys into the key ring, and the source file that believes that provider into CUADRE_SOURCES.
set -euo pipefail

# The stand-in for S3 forgets its buckets whenever it stops, so this comes first and every time.
python -c 'import boto3, sys; boto3.client("s3").create_bucket(Bucket=sys.argv[1].removeprefix("s3://").split("/")[0])' \
  "$CUADRE_STORE"
if [ -e "$CUADRE_SOURCES/pagoefectivo_pe.yaml" ]; then
  echo "A day was played before; nothing to do."
  exit 0
fi

day=$(TZ=America/Lima date --date yesterday +%F)
provider=/var/lib/cuadre/provider
plain=$(mktemp --suffix=.yaml)
python - "$plain" <<'PYTHON'
import sys
from pathlib import Path

import yaml

source = yaml.safe_load(Path("/opt/cuadre/include/sources/pagoefectivo_pe.yaml").read_text())
source["transport"] = {
    "kind": "folder",
    "folder": "/var/lib/cuadre/provider/outbox",
    "pattern": source["transport"]["pattern"],
}
Path(sys.argv[1]).write_text(yaml.safe_dump(source))
PYTHON

cuadre sandbox archive --source "$plain" --date "$day" --lines 5000 --seed 1 --breaks 0.02 --out "$provider/$day"
cp --recursive "$provider/$day/keyring/." "$CUADRE_KEYRING/"
chmod 700 "$CUADRE_KEYRING"

python - "$provider/$day" <<'PYTHON'
import os
import sys
from pathlib import Path

from cuadre.config import load_source
from cuadre.sandbox.shop import open_shop, stock_shop

made = Path(sys.argv[1])
source = load_source(made / "source.yaml")
open_shop(os.environ["CUADRE_WAREHOUSE"], source)
stock_shop(
    os.environ["CUADRE_WAREHOUSE"], source, orders=made / "orders.parquet", bank_credits=made / "bank_credits.parquet"
)
PYTHON

mkdir -p "$provider/outbox"
cp "$provider/$day"/*.pgp "$provider/outbox/"
cp "$provider/$day/source.yaml" "$CUADRE_SOURCES/pagoefectivo_pe.yaml"
echo "The day $day is in the outbox: start settlement__pagoefectivo_pe for it."
