"""Data sets: formats, built-in sets, splitting, scaling, batches.

The files, in reading order:

- dataset.py: Source, Rows, Part, Splits, and what is known of a data set without its rows
- plane_inputs.py: the two numbers of a row that consists of two
- targets.py: labels of any type to class indices or numbers
- settings.py: which keys of the data section fit which source, and which columns are used
- catalog.py: the built-in sets, as a table of what can be said without loading them
- folds.py: which rows a fold trains on and holds out, by scikit-learn's splitters
- split.py: seeded, stratified splits, as pure functions of labels and seed
- scaling.py: numbers of the training rows alone: scaling of x and y, weights of classes
- batches.py: rows in batches, targets as the loss takes them, a new order in each epoch
- shares.py: which rows of a batch each worker takes
- cache.py: what can be made again: decoded pictures and converted tables
- look/: what is said before training
- npz.py: .npz files, read without pickle, as a data set
- idx.py: IDX files (MNIST), one or a folder of four
- cifar.py: CIFAR-10, without trusting its pickles
- built_in.py: the built-in sets, from scikit-learn, from disk or by download
- generated.py: moons, spirals, blobs, animals, height_weight
- images/: class folders and pictures
- streaming/: tables that stay on disk
- namesakes.py: a built-in name that also names data of one's own
- sources.py: data.source: what is meant, and who reads it
- other_rows.py: rows from another file, in the shape and classes of the training rows
- load_data.py: the one way in: load, split, and fit a table's preprocessing
- facts.py: facts for plans, where possible without loading; the fingerprint
"""
