"""The deploy order, measured: which goes first, a file or the code that comes with it.

``code`` finds the models to look at, before the file and after it; ``probing`` runs what the ORM
does with them on a schema, with ``rows`` that hold ``values``; ``mixing`` what one code does with
the rows of the other. ``grading`` makes an order of the ``outcomes``, and ``two_steps`` says which
two. ``measure`` is all of it, for one file, and ``several`` for files of a history.
"""
