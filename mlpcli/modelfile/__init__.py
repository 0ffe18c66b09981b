"""Model files, written and read; a stranger's file is data, never code.

The files, in reading order:

- hdf5.py: untrusted HDF5 files, read within bounds
- container.py: the description, metadata and checksums in a .keras or .h5, read within bounds
- vocabulary.py: which objects a file may name; all others are refused
- keras_objects.py: objects as Keras serializes them, turned into the schema's; what the model was compiled with
- description.py: Keras's description of the layers and their arguments, read without Keras
- towers.py: several networks in one file, whose outputs are averaged
- weights.py: the weights, checked against the description and their digest
- card.py: what a model takes and what its outputs mean
- front.py: the layers that stay out of a file (output.input), put back when it is read
- saved_model.py: a model file as a whole, also one that mlpcli did not write
- chosen_threshold.py: a binary model that decides at another threshold than its own
- writer.py: .keras and .h5 written without Keras, in one piece
- tower_writer.py: the same for several networks whose outputs are averaged
"""
