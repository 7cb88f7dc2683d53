"""From topics.yaml to the topics of a cluster: what is wanted, what differs, what may be done.

Pure. What a cluster has is read, and what a plan says is done, by kinbridge.runtime.admin.
"""
