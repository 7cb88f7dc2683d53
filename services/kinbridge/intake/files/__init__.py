"""Files of case systems: from a watched folder or an upload to one record a child."""
