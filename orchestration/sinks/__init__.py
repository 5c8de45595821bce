"""The sinks in the UI: an asset per sink and mart, its check, and what the micro-batch run reports of them.

assets.py    by hand: write one anew, compare it with its mart
report.py    in the loop: rows, through, lag, at most every half a minute each
"""
