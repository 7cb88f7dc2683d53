"""The engine: the only place that knows Faust, Kafka or a database driver."""
