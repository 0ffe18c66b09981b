"""From the bytes of a CSV or Parquet file to the numbers of the network. In reading order:

- table_files.py: which paths are tables, and which files a path means
- other_files.py: files that are not what their name says, told by their first bytes
- text_file.py: a text file as UTF-8, whatever its encoding and compression
- line_edit.py: lines that are left out, and odd separators, before a file is read as CSV
- header.py: the line of column names, and whether a line holds names at all
- csv_reader.py: a CSV file: separator, rows in blocks
- suggest_rules.py: title lines, comments, missing headers and total rows, as `init` notices them
- csv_records.py: the slow, strict reading of a CSV: what is wrong, and on which line
- parquet_reader.py: a Parquet file: its columns, rows in blocks
- raw_table.py: rows as read: columns by name, missing values, usable rows
- table_reader.py: all rows of one file or many, at once or in batches
- table_writer.py: tables written batch by batch, as CSV or Parquet
- values.py: cells as numbers, true/false or dates
- texts.py: cells as text, and the distinct texts of a column
- number_format.py: numbers with units, separators, signs of many kinds
- number_evidence.py: how the numbers of a column are written, counted over all rows
- dates.py: dates of many kinds, and which part is the day
- column_format.py: how the cells of a column are read; stored with the model
- whole_numbers.py: whether whole numbers are classes or amounts
- profile.py: what each column holds, counted over all rows
- column_forms.py: decides how the cells of each column are read
- target.py: the target: which column, classes or a number, its encoding
- kinds.py: what each column is used as, or why it is left out
- column_encoders.py: one column as columns of the network's input
- column_fitters.py: medians and categories, learnt from training rows
- unlike.py: in what new rows are unlike the training rows
- preprocessing.py: all columns to x and y; stored with the model
"""
