"""The merchant's PostgreSQL: connections, snapshots out as Arrow, rows in by COPY."""
