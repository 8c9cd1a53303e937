"""The tests mirror tools/nightrun; stories/ holds whole nights on real repositories."""
