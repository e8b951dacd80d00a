"""Compiling ahead: what it invents can be reconstructed, and nothing is started where nothing is left to compile."""

from __future__ import annotations

import subprocess

import pytest

from pipeline.pack import load_pack
from pipeline.reconstruct import reconstruct_links
from pipeline.settings import Settings
from pipeline.steps import ahead
from pipeline.tables import Quotations, empty_table


def test_invented_posts_meet_every_way_of_guessing():
    posts = ahead.invent_posts()
    links = reconstruct_links(posts, empty_table(Quotations), Settings(), load_pack()).links
    guessed = posts.join(links.select("post_id").unique(), on="post_id")
    assert guessed["discussion_id"].n_unique() == posts["discussion_id"].n_unique()


@pytest.mark.parametrize("cores, compiled", [(1, False), (2, True), (2, False)])
def test_a_process_is_started_only_where_there_is_something_to_compile_and_a_core_to_spare(
    cores, compiled, monkeypatch
):
    started = []

    class Process(subprocess.Popen):
        def __init__(self, command, **options):
            started.append(command)
            super().__init__(["true"], **options)

    monkeypatch.setattr(ahead.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(ahead, "_is_compiled", lambda: compiled)
    monkeypatch.setattr(ahead.subprocess, "Popen", Process)
    with ahead.compile_ahead():
        pass
    assert len(started) == (1 if cores > 1 and not compiled else 0)
