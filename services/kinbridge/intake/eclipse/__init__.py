"""Notifications of OLM Eclipse: whose they are, whether they are genuine, what is written."""
