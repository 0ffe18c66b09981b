"""Networks computed with NumPy alone: each layer as the textbooks build it, with the numbers of Keras."""
