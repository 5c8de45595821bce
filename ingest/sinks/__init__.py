"""Sinks: stores that hold exactly what the marts hold, at a state that each store itself knows.

    mart ─▶ changes.py: what a store lacks ─▶ writer.py ─▶ a sink's write ─▶ the store: rows and state

state.py      what a store knows of itself, and the changes from one state to the next
targets.py    which marts go where, under which names
changes.py    reads the changes of a mart, in the turn
protocol.py   what a sink must do
open.py       the sinks of the settings
writer.py     keeps them up to date beside the turns
audit.py      whether a store holds what the marts hold

A new sink is one file that satisfies `Sink`, a line in open.py, and its targets.
"""
