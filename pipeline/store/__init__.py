"""The only room that touches an archive's files: layout, atomic writes, kept captures, snapshots, index, lock."""
