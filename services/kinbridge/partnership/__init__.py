"""A partnership's policy: who is told what, when, by which rule and on what lawful basis.

Pure data and arithmetic below all stages. The files lie under `deploy/partnerships/`.
"""
