"""Devices and trials on other machines: jobs go to a Dask scheduler, results come home.

A worker (``pipeline worker ADDRESS``) offers the devices of its machine as resources. Files travel
by hash, once to each worker. Whoever reaches the scheduler can run programs on its workers, so it
belongs on a network of one's own (or behind Dask's TLS settings).
"""
