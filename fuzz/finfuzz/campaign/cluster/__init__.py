"""A campaign on several machines: shards of work, which Dask.distributed hands to its workers.

Nothing of scheduling, retry or transport is ours. The supervisor stays as it is: its pool submits
shards (``shard``) and merges what they bring back (``merging``). On a node, ``on_node`` runs
today's worker processes. Only ``connection`` and ``local`` know Dask.
"""
