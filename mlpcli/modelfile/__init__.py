"""A model file, written and read; a stranger's file is data, never code.

The files, in reading order:

- hdf5.py: HDF5 files that anybody may have made, read within bounds
- container.py: what is in a .keras or .h5 (description, metadata, checksums), read within bounds
- vocabulary.py: which objects a file may name; all others are refused
- keras_objects.py: an object as Keras writes it down, to the schema's; what the model was compiled with
- description.py: Keras's description of the layers and their arguments, read without Keras
- weights.py: the weights, held to the description and to their digest
- card.py: what a model takes and what its outputs mean
- saved_model.py: a model file as a whole, also one that mlpcli has not written
- writer.py: .keras and .h5 written without Keras, in one piece
"""
