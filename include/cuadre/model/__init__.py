"""The shared vocabulary: columns, codes, errors and records. Imports nothing else of the product."""
