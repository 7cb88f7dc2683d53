"""Searching providers' FHIR servers for a person's recent care."""
