"""The model pack that an archive is pinned to: a copy of its files, so that a newer version of this package, or a pack
that its owner has trained on since, changes no link that was published.

In: an archive, and the name or folder of a pack. Out: the pack that its runs decide by.

>>> pin_pack(layout, "site-1").name
'site-1-5fzkqj3c'
>>> read_pack(layout).name
'site-1-5fzkqj3c'

``packs/<name>`` holds the files, and ``pack`` is a link to them, which is switched as ``current`` is.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import SettingError
from pipeline.pack import DEFAULT_PACK, ModelPack, list_files, load_pack
from pipeline.store.durable import remove_folder, replacing, sync_path
from pipeline.store.layout import TEMPORARY, ArchiveLayout


def read_pack(layout: ArchiveLayout) -> ModelPack:
    """The pack that an archive is pinned to; of one that is not pinned yet, the pack that ships with the package."""
    if not layout.pack.is_dir():
        return load_pack()
    # By the folder that the link names: a pack that was loaded is held by its path.
    return load_pack(str(layout.pack.resolve()))


def pin_pack(layout: ArchiveLayout, name: str | None) -> ModelPack:
    """The pack of a run that begins. Only the holder of the lock may call this.

    Args:
        layout: the archive, which is pinned where it is not.
        name: of a shipped pack, or its folder; null: what the archive is pinned to, else the pack that ships.

    Raises:
        SettingError: there is no such pack, or the archive is pinned to another.
    """
    if not layout.pack.is_dir():
        return move_to_pack(layout, name or DEFAULT_PACK)
    pinned = read_pack(layout)
    if name is not None and load_pack(name).name != pinned.name:
        raise SettingError(
            f"{layout.root} decides by the model pack {pinned.name}, not by {load_pack(name).name}. To decide "
            f"everything in it anew: threadloom rebuild --pack {name} --archive {layout.root}"
        )
    return pinned


def move_to_pack(layout: ArchiveLayout, name: str) -> ModelPack:
    """Pin an archive to another pack; the next run decides everything anew. Only the holder of the lock may call this.

    Raises:
        SettingError: there is no such pack.
    """
    pack, content = load_pack(name), list_files(name)
    target = layout.kept_pack(pack.name)
    if not target.is_dir():
        unfinished = target.with_name(target.name + TEMPORARY)
        for file, data in content.items():
            with replacing(unfinished / file) as temporary:
                temporary.write_bytes(data)
        unfinished.rename(target)
        sync_path(target.parent)
    link = layout.root / f".pack{TEMPORARY}"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(target.parent.name) / target.name, target_is_directory=True)
    link.replace(layout.pack)
    sync_path(layout.root)
    for other in sorted(target.parent.iterdir()):
        if other != target:
            remove_folder(other)
    return read_pack(layout)
