"""Rules: what is found in a child's picture, who may be told, and on what ground."""
