"""System checks of NestFlux; ids never change."""
