"""What can go wrong in a way that a person can mend, each error saying what, where and what to do."""

from __future__ import annotations


class ThreadloomError(Exception):
    """A failure whose message is meant for the person at the keyboard, without a traceback."""

    exit_code = 1


class SettingError(ThreadloomError):
    """A setting that cannot be used; raised before anything is read."""

    exit_code = 2


class InputError(ThreadloomError):
    """A raw file that cannot be read as a whole; its capture fails and the run goes on."""

    exit_code = 3


class ArchiveError(ThreadloomError):
    """An archive that is missing, unfinished or of another version."""


class ContractError(ThreadloomError):
    """A table that breaks its own contract: a defect of this program, never of the input."""
