"""Tables that stay on disk.

The files, in reading order:

- disk_rows.py: rows on disk that look like an array, and their order in an epoch
- stored_table.py: the folder of a converted table: its files, its manifest, its key
- convert.py: a table to rows on disk, in three passes and bounded memory
- load_streamed.py: whether a table is streamed, and the data set made of it
"""
