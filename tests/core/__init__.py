"""The tests of the pure room: values in, values out."""
