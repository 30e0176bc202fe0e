"""Tuned adapters: kept by content, let through by a gate, promoted, retired; with every change in the log.

Laws of this room: an adapter is named by the hash of its bytes and never changed; what happened to it is a chain of
changes to which one is added at a time; a change is in the audit log before it is in force.
"""
