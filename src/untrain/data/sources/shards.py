"""Files of rows: plain columns in memory, images read one after the other when asked for."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from untrain.errors import MISSING, UserError

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
BATCH = 64
"""Rows of a parquet file whose images are in memory at a time."""


class Encoded(Sequence[bytes]):
    """Encoded images that are read while they are gone through, from the first to the last."""

    def __init__(self, count: int, read: Callable[[], Iterable[bytes]]) -> None:
        self.total, self.read = count, read

    def __len__(self) -> int:
        return self.total

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.read())

    def __getitem__(self, at: Any) -> Any:
        """One image; all before it are read as well."""
        if not -self.total <= at < self.total:
            raise IndexError(at)
        return next(itertools.islice(self.read(), at % self.total, None))


@dataclass(frozen=True)
class Shard:
    """A file of rows."""

    path: Path
    part: str
    """What its name says: train, test, val or unseen; "" if nothing."""
    schema: pa.Schema
    """All its columns."""
    table: pa.Table
    """Its columns of text and numbers, at least."""
    images: Callable[[str], Iterable[bytes]]
    """The encoded images of a column; b"" for none."""
    paths: Callable[[str], Iterable[str | None]]
    """The paths that cells of a column have instead of images."""

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def column_names(self) -> list[str]:
        return list(map(str, self.schema.names))

    def column(self, name: str) -> pa.ChunkedArray:
        return self.table.column(name)


def files_of(paths: Sequence[Path], where: str) -> Encoded:
    """The bytes of files."""

    def read() -> Iterator[bytes]:
        for path in paths:
            try:
                yield path.read_bytes()
            except OSError as error:
                what = f"{path} cannot be read: {error.strerror or error}."
                raise UserError(what, where, "Check its permissions.", MISSING) from error

    return Encoded(len(paths), read)


def holds_images(kind: pa.DataType) -> bool:
    """Whether cells of a type may be encoded images: bytes, or structs with a field `bytes`."""
    import pyarrow as pa

    struct = pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0
    binary = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    return bool(struct or any(is_such(kind) for is_such in binary))


def is_plain(kind: pa.DataType) -> bool:
    """Whether cells of a type are text or numbers."""
    import pyarrow as pa

    return not (pa.types.is_nested(kind) or holds_images(kind))


def is_text(kind: pa.DataType) -> bool:
    """Whether cells of a type are text, also where it is written by number."""
    import pyarrow as pa

    inner = kind.value_type if pa.types.is_dictionary(kind) else kind
    views = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_such(inner) for is_such in views)


def open_parquet(path: Path, part: str) -> Shard:
    """Raises OSError or pyarrow's errors if the file is no readable parquet file."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        names = [field.name for field in schema if is_plain(field.type)]
        table = file.read(columns=names)

    def images(column: str) -> Iterator[bytes]:
        with pq.ParquetFile(path, memory_map=True) as file:
            for batch in file.iter_batches(BATCH, columns=[column]):
                yield from _cells(batch.column(0), path.parent)

    def paths(column: str) -> Iterator[str | None]:
        if column in table.column_names:
            yield from _named(table.column(column))
            return
        with pq.ParquetFile(path) as file:
            leaves = {file.schema.column(at).path: at for at in range(len(file.schema))}
            groups = [file.metadata.row_group(at) for at in range(file.num_row_groups)]
            data, named = leaves.get(f"{column}.bytes"), f"{column}.path"
            if named not in leaves or (data is not None and all(_full(g, data) for g in groups)):
                return
            yield from _named(file.read(columns=[named]).column(column))

    return Shard(
        path=path,
        part=part,
        schema=schema,
        table=table,
        images=lambda column: told(images(column), path),
        paths=lambda column: told(paths(column), path),
    )


def open_arrow(path: Path, part: str) -> Shard:
    """An Arrow file or stream, memory-mapped. Raises OSError or pyarrow's errors if it is none."""
    import pyarrow as pa

    source = pa.memory_map(str(path))
    try:
        table = pa.ipc.open_file(source).read_all()
    except pa.ArrowInvalid:
        source.seek(0)
        table = pa.ipc.open_stream(source).read_all()

    def images(column: str) -> Iterator[bytes]:
        for chunk in table.column(column).chunks:
            yield from _cells(chunk, path.parent)

    return Shard(
        path=path,
        part=part,
        schema=table.schema,
        table=table,
        images=lambda column: told(images(column), path),
        paths=lambda column: _named(table.column(column)),
    )


def told(cells: Iterator[T], path: Path) -> Iterator[T]:
    """The same cells; what cannot be read on the way is a UserError."""
    import pyarrow as pa

    try:
        yield from cells
    except (pa.ArrowException, OSError) as error:
        named = getattr(error, "filename", None) or path
        what = f"{named} cannot be read: {str(error).splitlines()[0][:80]}."
        raise UserError(what, str(path), "Export it again.") from error


def _full(group: Any, column: int) -> bool:
    """Whether no cell of a column of a parquet file's part is empty, as far as the file says."""
    said = group.column(column).statistics
    return bool(said and said.has_null_count and said.null_count == 0)


def _named(cells: pa.ChunkedArray) -> list[str | None]:
    """The paths in cells: those of text, and those of structs without bytes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_text(cells.type):
        return list(cells.to_pylist())
    if not pa.types.is_struct(cells.type) or cells.type.get_field_index("path") < 0:
        return []
    paths = pc.struct_field(cells, "path")
    if cells.type.get_field_index("bytes") >= 0:
        paths = paths.filter(pc.is_null(pc.struct_field(cells, "bytes")))
    return list(paths.to_pylist()) if is_text(paths.type) else []


def _cells(cells: pa.Array, folder: Path) -> Iterator[bytes]:
    """The images in cells: bytes, structs of bytes or a path, or paths of files."""
    for cell in cells:
        value = cell.as_py()
        data = value.get("bytes") if isinstance(value, dict) else value
        if data is None and isinstance(value, dict):
            data = value.get("path")
        if isinstance(data, str) and data:
            path = folder / data
            data = path.read_bytes() if path.is_file() else None
        yield data if isinstance(data, bytes) else b""
