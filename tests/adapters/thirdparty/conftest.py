"""The package of a third party has a suite of its own: it is run where it is installed."""

collect_ignore = ["ferndale"]
