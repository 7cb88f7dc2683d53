"""Reporting databases of case systems: read at set times, taken in like files."""
