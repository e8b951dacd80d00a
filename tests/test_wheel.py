"""The wheel, installed where the checkout cannot be seen, does its work."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.dumps import PARAGRAPHS

ROOT = Path(__file__).parent.parent


def call(*command: object, cwd: Path) -> str:
    # Nothing of this process may lead the other one to the checkout.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def home(wheel, tmp_path_factory) -> Path:
    """An environment with the locked dependencies and the wheel, and no way to the checkout."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    call(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=home)
    # Dependencies cannot be downloaded by a test, so this environment borrows ours: a folder named in a .pth file is
    # searched last, and the .pth files in it (that of the editable checkout among them) are not followed.
    (packages,) = home.glob("lib/python*/site-packages")
    ours = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    (packages / "locked.pth").write_text("\n".join(ours) + "\n")
    return home


def test_wheel_holds_the_packages_and_the_model_pack_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"pipeline", "flows", "threadloom"}
    assert {"pipeline/packs/default/pack.json", "pipeline/packs/default/words.parquet"} <= set(names)
    assert any(name.startswith("flows/") for name in names)
    assert not [name for name in names if "__pycache__" in name]


def test_installed_wheel_runs_from_any_folder(home, tmp_path):
    (tmp_path / "tram.txt").write_text("\n".join(PARAGRAPHS) + "\n", encoding="utf-8")
    where = call(home / "bin" / "python", "-c", "import pipeline; print(pipeline.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(home)
    threadloom = home / "bin" / "threadloom"
    said = call(threadloom, "run", "--direct", "tram.txt", "--out", "out", cwd=tmp_path)
    assert "out/current" in said
    rows = call(
        threadloom, "query", "SELECT count(*) AS n FROM posts", "--archive", "out", "--format", "csv", cwd=tmp_path
    )
    assert rows.split() == ["n", str(len(PARAGRAPHS))]
