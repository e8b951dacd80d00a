"""The band index: which buckets every text ever seen is in, so that new texts meet old ones which nobody reads again.

In: ids and band keys of texts. Out: segments, files that never change, and the candidate pairs that come and go when an
archive has other segments than before.

>>> write_segment(folder / "000.arrow", facts, ids, keys)      # ids: uint64 (n,), keys: uint32 (bands, n)
>>> for pairs in changed_pairs([], [folder / "000.arrow"], facts, scratch, 1 << 30):
...     pairs.columns
['left_id', 'right_id', 'change']

A segment is an Arrow file that is mapped into memory, one batch a band, sorted by key and id: where a few new texts
look for their buckets, only the pages are read in which these lie. What it was made with stands in its metadata, and
segments made in another way are refused. How pairs follow from buckets, and why the batches in which texts come do not
matter, is told in ``docs/decisions/0005-bands-and-batches.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.algorithms.lsh import Ids, Keys, Pairs, bucket_pairs, sort_distinct, sort_members, unlike_pairs
from pipeline.algorithms.sorted_values import find_common
from pipeline.errors import ArchiveError, ContractError
from pipeline.store.durable import replacing
from pipeline.store.mapped import MappedBatches
from pipeline.store.pairs import PairSums

_FACTS = b"threadloom.bands"
_LAST_KEY = (1 << 32) - 1
_MEMBER_BYTES = 128  # of memory that a member of a band needs while it is sorted and paired, its pairs included


@dataclass(frozen=True)
class BandFacts:
    """How band keys were made; segments whose facts differ cannot be read together.

    Attributes:
        bands: how many there are.
        made: name and number of everything else that decides a key: shingle sizes, permutations, rows, the version of
            what folds texts to the words that are signed.
        scheme, seed: of datasketch's permutations.
    """

    bands: int
    made: dict[str, int]
    scheme: str = "affine32"
    seed: int = 1


def write_segment(path: Path, facts: BandFacts, ids: Ids, keys: Keys) -> None:
    """Write the buckets of new texts.

    Args:
        path: of the segment; it appears whole or not at all.
        ids: uint64 of shape (n,): distinct, and in no other segment of the archive (``ids.number_ids`` of words_keys).
        keys: uint32 of shape (bands, n), as ``lsh.band_keys`` gives them; ``lsh.NO_KEY`` keeps a text out of a band,
            and may not stand in the first.

    Raises:
        ContractError: the shapes do not fit the facts.
    """
    if keys.shape != (facts.bands, ids.size):
        raise ContractError(f"{ids.size} texts in {facts.bands} bands have no keys of shape {keys.shape}")
    _write(path, facts, (sort_members(band, ids) for band in keys))


def merge_segments(path: Path, sources: Sequence[Path], without: Ids | None = None) -> None:
    """Write one segment in place of several, without the texts that are to be forgotten. Raises as `read_facts`."""
    facts = read_facts(sources[0])
    files = _open(sources, facts)
    gone = np.sort(without) if without is not None else np.empty(0, dtype=np.uint64)

    def merged(band: int) -> tuple[Keys, Ids]:
        keys, ids = _join([file.read(band) for file in files])
        kept = ~np.isin(ids, gone)
        return sort_members(keys[kept], ids[kept])

    _write(path, facts, map(merged, range(facts.bands)))


def read_facts(path: Path) -> BandFacts:
    """How the keys of a segment were made. Raises ArchiveError where the file is missing or is no segment."""
    try:
        with pa.memory_map(str(path)) as source:
            said = pa.ipc.open_file(source).schema.metadata or {}
        return BandFacts(**orjson.loads(said[_FACTS]))
    except FileNotFoundError as error:
        raise ArchiveError(f"{path} is missing from the band index: publish the archive again") from error
    except (pa.ArrowInvalid, KeyError, TypeError, orjson.JSONDecodeError) as error:
        raise ArchiveError(f"{path} is no segment of a band index ({error}): publish the archive again") from error


def read_ids(paths: Sequence[Path]) -> Ids:
    """Ids of all texts in some segments, in no order: uint64. Eight bytes a text are all that is read and held."""
    return np.concatenate([np.empty(0, dtype=np.uint64), *(_Segment(path).read(0)[1] for path in paths)])


def read_keys(paths: Sequence[Path], ids: Ids, bands: int) -> tuple[NDArray[np.bool_], Keys]:
    """The keys of some texts in the first bands.

    Args:
        paths: segments.
        ids: uint64 of shape (n,), in any order, several times where several are of one text.
        bands: how many.

    Returns:
        Which of the ids the segments hold, bool of shape (n,); the keys of those, uint32 of shape (bands, m).

    Raises:
        ArchiveError: a segment is missing, or was made otherwise than the first.
    """
    files = _open(paths, read_facts(paths[0])) if paths else []
    if not any(file.read(0)[0].size for file in files):
        return np.zeros(ids.size, dtype=np.bool_), np.empty((bands, 0), dtype=np.uint32)
    known = np.zeros(ids.size, dtype=np.bool_)
    found = []
    for band in range(bands):
        keys, members = _join([file.read(band) for file in files])
        order = np.argsort(members)
        places = order[np.minimum(np.searchsorted(members, ids, sorter=order), members.size - 1)]
        known = members[places] == ids
        found.append(keys[places[known]])
        for file in files:
            file.release()
    return known, np.stack(found)


def read_buckets(paths: Sequence[Path], wanted: Keys | None = None) -> Iterator[tuple[Keys, Ids]]:
    """The buckets of every band, one band after another: keys and ids of their members.

    Args:
        paths: segments that were made in one way.
        wanted: uint32 of shape (bands,): the one bucket wanted of each band; null: all.

    Raises:
        ArchiveError: a segment is missing, or was made in another way than the others.
    """
    if not paths:
        return
    facts = read_facts(paths[0])
    files = _open(paths, facts)
    for band in range(facts.bands):
        keys, ids = _join([file.read(band) for file in files])
        held = slice(None) if wanted is None else keys == wanted[band]
        yield keys[held], ids[held]


def changed_pairs(
    before: Sequence[Path], after: Sequence[Path], facts: BandFacts, scratch: Path, memory_bytes: int
) -> Iterator[pl.DataFrame]:
    """Candidate pairs that come or go when an archive has other segments than before.

    Only buckets with a member in a segment that came or went are looked into. The sum of all changes ever told of a
    pair is the number of bands in which it is a candidate now, and it is one where that is not zero, in whatever
    batches its texts came. Pairs of two old texts only ever lose (a fuller bucket pairs fewer of them) unless a
    segment went.

    Args:
        before, after: segments; a path that stands in both is taken to hold the same texts.
        facts: that all of them must have.
        scratch: a folder for what does not fit into memory; it is made when needed, and what was written is removed.
        memory_bytes: to stay within, as far as single buckets do.

    Yields:
        left_id < right_id (UInt64), change (Int32, never 0), each pair once, in ascending order over all frames.

    Raises:
        ArchiveError: a segment is missing or was made with other facts.
    """
    same = _open([path for path in after if path in set(before)], facts)
    went = _open([path for path in before if path not in set(after)], facts)
    came = _open([path for path in after if path not in set(before)], facts)
    if not went and not came:
        return
    members = sum(file.read(0)[0].size for file in (*same, *went, *came))
    threads = pl.thread_pool_size()
    n_ranges = max(1, -(-members * _MEMBER_BYTES * threads * 2 // memory_bytes))
    edges = np.linspace(0, _LAST_KEY + 1, n_ranges + 1).astype(np.uint64)

    def change(piece: tuple[int, int]) -> tuple[Pairs, Pairs]:
        band, part = piece
        low, high = edges[part], edges[part + 1]
        new, old = ([_cut(*file.read(band), low, high) for file in files] for files in (came, went))
        # Of what stayed only buckets that a new or a lost member touches are looked into.
        changed = [keys for keys, _ in (*new, *old)] if same else []
        touched = sort_distinct(np.concatenate([np.empty(0, dtype=np.uint32), *changed]))
        stayed = [_touch(*_cut(*file.read(band), low, high), touched) for file in same]
        now, then = sort_members(*_join([*stayed, *new])), sort_members(*_join([*stayed, *old]))
        if not then[0].size:
            return bucket_pairs(*now), np.empty((0, 2), dtype=np.uint64)
        return unlike_pairs(*now, *then), unlike_pairs(*then, *now)

    pieces = iter([(band, part) for band in range(facts.bands) for part in range(n_ranges)])
    with PairSums(scratch, memory_bytes // 4) as sums, ThreadPoolExecutor(threads) as pool:
        while wave := list(islice(pieces, threads)):  # no more at once than memory was counted for
            for gained, lost in pool.map(change, wave):
                sums.add(gained, 1)
                sums.add(lost, -1)
            for file in (*same, *went, *came):
                file.release()
        yield from sums.totals()


class _Segment:
    """A segment mapped into memory. Its file may be removed meanwhile."""

    def __init__(self, path: Path) -> None:
        self._batches = MappedBatches(path)

    def read(self, band: int) -> tuple[Keys, Ids]:
        """Keys and ids of one band, sorted; read where they are looked at."""
        batch = self._batches[band]
        return batch.column("key").to_numpy(), batch.column("id").to_numpy()

    def release(self) -> None:
        """Give back the memory of what was read."""
        self._batches.release()


def _write(path: Path, facts: BandFacts, bands: Iterator[tuple[Keys, Ids]]) -> None:
    told = {_FACTS: orjson.dumps(asdict(facts), option=orjson.OPT_SORT_KEYS)}
    schema = pa.schema([("key", pa.uint32()), ("id", pa.uint64())], metadata=told)
    with replacing(path) as temporary, pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for keys, ids in bands:
            writer.write_batch(pa.record_batch([keys, ids], schema=schema))


def _open(paths: Sequence[Path], facts: BandFacts) -> list[_Segment]:
    for path in paths:
        if (found := read_facts(path)) != facts:
            raise ArchiveError(f"{path} was made in another way ({found}) than is asked for ({facts})")
    return [_Segment(path) for path in paths]


def _join(parts: Sequence[tuple[Keys, Ids]]) -> tuple[Keys, Ids]:
    keys = np.concatenate([np.empty(0, dtype=np.uint32), *(keys for keys, _ in parts)])
    return keys, np.concatenate([np.empty(0, dtype=np.uint64), *(ids for _, ids in parts)])


def _cut(keys: Keys, ids: Ids, low: np.uint64, high: np.uint64) -> tuple[Keys, Ids]:
    """The members whose key is at least ``low`` and below ``high``."""
    first = np.searchsorted(keys, np.uint32(low))
    last = np.searchsorted(keys, np.uint32(high)) if high <= _LAST_KEY else keys.size
    return keys[first:last], ids[first:last]


def _touch(keys: Keys, ids: Ids, touched: Keys) -> tuple[Keys, Ids]:
    """The members whose key is one of ``touched``, sorted."""
    rows = find_common(keys, touched)
    return keys[rows], ids[rows]
