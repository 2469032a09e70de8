"""SQL to a database: plan, apply, recover, roll back, fresh. Call it through ``api``."""
