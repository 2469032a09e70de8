"""A schema as a value: how it is read, what two of them have to do with one another, its rows.

What is this schema?
    ``introspection.read_schema`` reads it, and ``objects.ObjectKey`` names what is in it.
    ``collations`` tells what a column does not state, ``programs`` in which order views and
    programs can be made.
What differs between two?
    ``diff.Delta.between``: object by object, and by text. All others ask it.
Do two definitions that read differently mean the same?
    ``equivalence``: what a table's past or a server's version decides.
Is a live schema the one that the files make, and what of it is only worth a remark?
    ``compare.compare``, which says it in lines for a person.
Which statements make one into another, and what speaks against running them?
    ``transform.transform.transform``.
Which rows has it, and which rows of two runs are the same?
    ``rows.read_rows``, ``row_pairing``.
"""
