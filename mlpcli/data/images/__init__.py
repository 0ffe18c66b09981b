"""Class folders and pictures.

The files, in reading order:

- class_folders.py: which folder holds classes, which files are pictures, what is left out
- sorting_hints.py: pictures labelled in another way, and the command that sorts them
- decoding.py: one picture file to pixels, safely, on all processors
- photo.py: a photo of one thing on a plain page: its background, and the thing
- framing.py: how the training pictures show things, and a thing on a photo framed like them
- pictures.py: many files to one array, in one size and color, decoded once
- load_images.py: class folders as a data set; one new photo as an example like them
"""
