"""One job on several engines: five chained stages that count and hash by key."""
