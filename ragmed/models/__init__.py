"""Language models on this machine: which ones, their files, whether they are whole, and what they take.

Laws of this room: nothing here is asked for over a network but by ``ragmed models pull`` (``pulling`` and what it
imports); a file counts only once its bytes agree with the lock; pickles and code are neither fetched nor locked.
"""
