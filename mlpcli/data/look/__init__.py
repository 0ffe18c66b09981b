"""What is said before training: a look at the data.

The files, in reading order:

- findings.py: what a look gives: findings in words, facts, columns as people know them
- column_ranges.py: constant columns, and numbers so large that scaling matters
- class_balance.py: too few rows, of a class or of a table
- duplicates.py: equal rows in two parts, and rows that contradict each other
- leaks.py: columns that alone tell the target
- codes.py: whole numbers that behave as codes
- look_at.py: all questions asked, of rows that fit into memory
"""
