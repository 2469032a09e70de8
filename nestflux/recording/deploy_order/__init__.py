"""The deploy order, measured: which goes first, a file or the code that comes with it.

``code`` finds the models to look at, before the file and after it; ``probing`` runs what the ORM
does with them on a schema; ``grading`` makes an order of the outcomes; ``measure`` is all of it.
"""
