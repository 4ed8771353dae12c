"""The others, run in their own environment: a pandas outer merge and datacompy, on the same keys and amounts.

Amounts stay exact decimals on every side. Rows without a provider reference are left out for all of them: pandas pairs
empty references with each other, which makes a cross product of them.

Usage: others.py pandas|datacompy-polars LINES ORDERS OUT
"""

from __future__ import annotations

import sys
from pathlib import Path

KEYS = ["psp_reference", "currency"]


def pandas_merge(lines: Path, orders: Path, out: Path) -> None:
    """Outer merge on provider reference and currency, then the rows that are on one side or differ."""
    import pandas as pd

    left = pd.read_parquet(lines, columns=[*KEYS, "gross"]).dropna()
    right = pd.read_parquet(orders, columns=[*KEYS, "amount"]).dropna()
    merged = left.merge(right, how="outer", on=KEYS, indicator=True)
    merged["delta"] = merged["gross"] - merged["amount"]
    merged["outcome"] = merged["_merge"].astype(str)
    merged.loc[(merged["_merge"] == "both") & (merged["delta"] != 0), "outcome"] = "amount_mismatch"
    merged.drop(columns="_merge").to_parquet(out / "pandas.parquet")


def datacompy_polars(lines: Path, orders: Path, out: Path) -> None:
    """Datacompy on Polars, exact."""
    import datacompy
    import polars as pl

    left = pl.read_parquet(lines, columns=[*KEYS, "gross"]).drop_nulls()
    right = pl.read_parquet(orders, columns=[*KEYS, "amount"]).drop_nulls().rename({"amount": "gross"})
    compared = datacompy.PolarsCompare(left, right, join_columns=KEYS)
    compared.all_mismatch().write_parquet(out / "datacompy.parquet")
    compared.df1_unq_rows.write_parquet(out / "left.parquet")
    compared.df2_unq_rows.write_parquet(out / "right.parquet")


if __name__ == "__main__":
    contenders = {"pandas": pandas_merge, "datacompy-polars": datacompy_polars}
    folder = Path(sys.argv[4])
    folder.mkdir(parents=True, exist_ok=True)
    contenders[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]), folder)
