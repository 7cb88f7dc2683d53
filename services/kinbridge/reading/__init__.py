"""An alert as its reader sees it: what stands where, in plain words. Pure.

`sheet` puts an alert into its fifteen points in one fixed order; `text` lays a sheet out for a
screen of letters. A page of the console lays out the same sheet in its own way.
"""
