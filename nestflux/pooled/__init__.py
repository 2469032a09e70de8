"""A database backend with a connection pool: ``ENGINE = "nestflux.pooled"``.

Django's own MySQL backend, whose connections come from a pool where ``OPTIONS["pool"]`` says so, in
the words of Django's pool for PostgreSQL. docs/production.md has the reasons and the figures.

``options`` is what the setting may say, ``session`` what a connection is set to before each use,
``pool`` the pool of a process, ``turns`` who waits for it, ``bypass`` how a deploy does without it,
``base`` what Django loads.
"""
