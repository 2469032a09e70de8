"""What models, services, selectors and admins on MySQL need beyond Django; for any project, and
with nothing of the rest of NestFlux in it."""
