"""MESH mailboxes: fetched, made durable, and only then acknowledged."""
