"""Measurements that docs/performance.md is made from; see `make bench`."""
