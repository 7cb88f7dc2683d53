"""`kinbridge adapter`: what whoever writes an adapter needs. Nothing is published by any of it."""
