"""Stories: what an authority and the NHS send, and which alerts must come of it.

A story is data, under `stories/`. It is played over real HTTP into a running line, and every
alert it shows was read from a team's topic. The same files are played in memory by tests.
"""
