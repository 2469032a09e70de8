"""Random histories of a project, its deploys and their deaths, against a model of it all."""
