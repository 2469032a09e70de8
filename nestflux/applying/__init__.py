"""SQL to a database: what a run will do (``plan``), doing it (``run``), finishing what died
(``recovery``), and no loss without a backup (``backups``)."""
