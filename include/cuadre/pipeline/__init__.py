"""The six steps as functions; DAGs and command line call these and only these."""
