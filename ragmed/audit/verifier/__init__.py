"""The stand-alone verifier: a copy of ``verify.py`` goes into every bundle, as it lies here."""
