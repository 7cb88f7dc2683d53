"""What the line fetches and listens to beside its own HTTP, as data."""
