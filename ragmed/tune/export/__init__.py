"""A tuned adapter → a folder that other engines serve, or that a small card loads.

Laws of this room:

* A folder is whole under its name or not there, and what was there before is never written over.
* What is merged or packed are the weights that the adapter learned on: the model in NF4, as loading makes it here.
* No file names a path of this machine or a person; every folder has a card that says what the gate said.
* An export is in the audit log before its folder has its name.
"""
