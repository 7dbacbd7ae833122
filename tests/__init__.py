"""The tests. They mirror the rooms of the package."""
