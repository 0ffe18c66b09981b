"""A series of seeds, cut anywhere and resumed, ends as if it had never been cut."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mlpcli
from benchmarks.kills import outcome_of
from mlpcli.cli.train_results import report_series
from mlpcli.errors import ConfigError, DataError, RunDirectoryError, TrainingError, UserError
from mlpcli.runs import directory as run_directory
from mlpcli.training import keeper
from mlpcli.training.progress import Silence
from mlpcli.workflows import series as seed_series
from mlpcli.workflows.seeds import SeedsResult

CONFIG = """
name: flowers
seed: 5
data: {source: iris, validation: 0.2, test: 0.2}
model: {hidden_units: [8], dropout: 0.1}
training: {engine: numpy, epochs: 3, batch_size: 16, early_stopping: {patience: 1, min_delta: 0.01}}
output: {plots: []}
"""


class Killed(BaseException):
    """Ends a process where it happens to be."""


class Listener(Silence):
    """Keeps the notes, and calls `then` with each note, and with "epoch" after each epoch."""

    def __init__(self, then: Callable[[str], None] = lambda what: None) -> None:
        self.notes: list[str] = []
        self.then = then

    def note(self, text: str) -> None:
        self.notes.append(text)
        self.then(text)

    def epoch(self, row: Any) -> None:
        self.then("epoch")

    def heads(self) -> list[str]:
        return [note for note in self.notes if note.startswith("seed ")]


class Kills(Listener):
    """Ends the series at the `count`th epoch."""

    def __init__(self, count: int) -> None:
        super().__init__(self._count)
        self.left = count

    def _count(self, what: str) -> None:
        self.left -= what == "epoch"
        if not self.left:
            raise Killed


@pytest.fixture
def config(write_config: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keeper, "SHARE", 1e9)  # a checkpoint after each epoch
    return write_config(CONFIG)


@pytest.fixture
def train(config: Path, tmp_path: Path) -> Callable[..., SeedsResult]:
    """`train(3, "training.epochs=1")` in tmp_path/straight."""
    return lambda count=3, *overrides, **settings: mlpcli.train_seeds(
        config, count, overrides, run_dir=tmp_path / "straight", **settings
    )


@pytest.fixture
def killed(train: Callable[..., SeedsResult], tmp_path: Path) -> Path:
    """A folder of three seeds, of which the second was killed in its second epoch."""
    with pytest.raises(Killed):
        train(progress=Kills(5))
    return tmp_path / "straight"


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(entry) for key, entry in value.items() if "second" not in key}
    return [_timeless(entry) for entry in value] if isinstance(value, list) else value


def _seeds_json(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "seeds.json").read_text(encoding="utf-8")))


def _everything(folder: Path) -> dict[str, Any]:
    """What is in the folder of a series, without times, and without the number of checkpoints."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix != ".npz")
    seeds = {path.name: outcome_of(path) for path in run_directory.member_folders(folder)}
    return {"files": files, "seeds.json": _timeless(_seeds_json(folder)), **seeds}


def _printed(result: SeedsResult, capsys: pytest.CaptureFixture[str]) -> str:
    assert report_series(result, as_json=False) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return re.sub(r"in [0-9.]+ s\n", "in some seconds\n", out.replace(str(result.path), "FOLDER"))


def test_cut_anywhere(train: Callable[..., SeedsResult], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each copy is what a kill would leave: before a seed, and after an epoch that is in no checkpoint yet.

    Of epochs, those of the second seed are enough: the others go on as a single run does.
    """
    cuts: list[Path] = []

    def copy(what: str) -> None:
        if what.startswith("seed ") or (what == "epoch" and (tmp_path / "straight" / "seed-6").exists()):
            cuts.append(tmp_path / f"cut-{len(cuts)}")
            shutil.copytree(tmp_path / "straight", cuts[-1])

    result = train(2, progress=Listener(copy))
    straight, printed = _everything(result.path), _printed(result, capsys)
    epochs = [run["epochs"] for run in _seeds_json(result.path)["runs"]]
    assert len(cuts) == 2 + epochs[1] > 4
    for cut in cuts:
        resumed = mlpcli.resume(cut)
        assert _everything(cut) == straight, cut.name
        assert _printed(resumed, capsys) == printed, cut.name
        assert resumed.summary["total_seconds"] > 0


def test_killed_and_resumed_in_one_process(killed: Path, tmp_path: Path, config: Path) -> None:
    finished = killed / "seed-5" / "metrics.json"
    before = finished.stat()
    assert _seeds_json(killed)["seeds_done"] == [5]
    (killed / ".tmp-1-seeds.json").touch()
    (killed / "seed-6" / ".tmp-1-metrics.json").touch()
    (killed / "seed-7").mkdir()
    (killed / "seed-7" / ".tmp-1-config.yaml").touch()
    listener = Listener()
    result = mlpcli.resume(killed, progress=listener)
    assert listener.heads() == ["seed 6 (2 of 3)", "seed 7 (3 of 3)"]
    assert listener.notes[0] == "note: 1 of 3 seeds is finished"
    assert "note: resuming at epoch 2 of 3" in listener.notes
    assert (finished.stat().st_ino, finished.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    again = mlpcli.train_seeds(config, 3, run_dir=tmp_path / "again")
    assert _everything(result.path) == _everything(again.path)
    assert result.summary["total_seconds"] >= sum(result.summary["seconds"]["values"])


def test_a_finished_seed_that_seeds_json_does_not_know_yet(train: Callable[..., SeedsResult]) -> None:
    result = train(2)
    straight, known = _everything(result.path), _seeds_json(result.path)
    known["runs"] = known["runs"][:1]
    (result.path / "seeds.json").write_text(json.dumps(known), encoding="utf-8")
    (result.path / "seed-5" / "metrics.json").write_text("{", encoding="utf-8")  # and one that was damaged
    mlpcli.resume(result.path)
    assert _everything(result.path) == straight


def test_nothing_is_left_to_do(train: Callable[..., SeedsResult]) -> None:
    listener, result = Listener(), train(2)
    before = _everything(result.path)
    again = mlpcli.resume(result.path, progress=listener)
    assert listener.notes == [
        "note: all 2 seeds are finished; --seeds 4 adds seeds, -s training.epochs=6 trains them longer"
    ]
    assert _everything(result.path) == before
    assert _timeless(again.summary) == _timeless(result.summary)


def test_more_seeds(train: Callable[..., SeedsResult], config: Path, tmp_path: Path) -> None:
    result = mlpcli.resume(train(1).path, seeds=3)
    assert result.summary["seeds_done"] == [5, 6, 7]
    assert _everything(result.path) == _everything(mlpcli.train_seeds(config, 3, run_dir=tmp_path / "at once").path)


@pytest.mark.parametrize(
    ("seeds", "message"),
    [(1, "seeds: 1 are fewer than the 2 of {}; leave it out, or give 2 or more"),
     (1001, "seeds: 1001 is not a valid number of seeds; give a whole number from 1 to 1,000")],
)  # fmt: skip
def test_no_number_of_seeds(train: Callable[..., SeedsResult], seeds: int, message: str) -> None:
    path = train(2).path
    with pytest.raises(UserError) as raised:
        mlpcli.resume(path, seeds=seeds)
    assert str(raised.value) == message.format(path)
    with pytest.raises(UserError, match="is one run, not a folder of several seeds; leave it out"):
        mlpcli.resume(path / "seed-5", seeds=3)
    with pytest.raises(UserError, match="callbacks: are for one run, not for several seeds"):
        mlpcli.resume(path, callbacks=[print])


LONGER = "training.epochs=5"


def test_longer(train: Callable[..., SeedsResult], config: Path, tmp_path: Path) -> None:
    """Also after a kill in the second seed, when the first one alone has the new number in its config."""
    path, at_once = train(2).path, tmp_path / "at once"
    with pytest.raises(Killed):
        mlpcli.resume(path, [LONGER], Kills(3))
    assert _seeds_json(path)["seeds_done"] == [5]
    mlpcli.resume(path)
    expected = _everything(mlpcli.train_seeds(config, 2, [LONGER], run_dir=at_once).path)
    assert [run["epochs"] for run in expected["seeds.json"]["runs"]] != [3, 3]
    assert _everything(path) == expected


@pytest.mark.parametrize(
    ("override", "message"),
    [("training.batch_size=8", "batch_size: was 16 in the epochs so far, and cannot change when a run is resumed"),
     ("seed=6", "-s seed=6: seed: cannot change, since the seeds count up from 5; --seeds adds seeds")],
)  # fmt: skip
def test_what_cannot_change_is_refused_before_anything_is_trained(killed: Path, override: str, message: str) -> None:
    before = {path: path.read_bytes() for path in killed.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match=re.escape(message)):
        mlpcli.resume(killed, [LONGER, override])
    assert {path: path.read_bytes() for path in killed.rglob("*") if path.is_file()} == before


def test_one_seed_that_was_trained_longer_alone(train: Callable[..., SeedsResult]) -> None:
    path = train(2).path
    mlpcli.resume(path / "seed-6", [LONGER])
    with pytest.raises(RunDirectoryError) as raised:
        mlpcli.resume(path)
    assert str(raised.value) == (
        f"{path}: training.epochs is 5 in seed-6, and 3 in seed-5; give all seeds the same one with -s"
    )
    result = mlpcli.resume(path, [LONGER])
    assert result.summary["seeds_done"] == [5, 6]
    mlpcli.resume(path)


def test_failed_seeds_are_tried_again(train: Callable[..., SeedsResult], monkeypatch: pytest.MonkeyPatch) -> None:
    real = seed_series.prepare

    def prepare(loaded: Any, watch: Any) -> Any:
        if loaded.config.seed == 6:
            raise TrainingError("too large")
        return real(loaded, watch)

    with monkeypatch.context() as patched:
        patched.setattr(seed_series, "prepare", prepare)
        path = train(3).path
        assert _seeds_json(path)["seeds_done"] == [5, 7]
        listener = Listener()
        assert mlpcli.resume(path, progress=listener).summary["failures"] == [{"seed": 6, "message": "too large"}]
    assert listener.heads() == ["seed 6 (2 of 3)"]
    result = mlpcli.resume(path)
    assert (result.summary["seeds_done"], result.summary["failures"]) == ([5, 6, 7], [])
    assert [run["seed"] for run in result.summary["runs"]] == [5, 6, 7]


def test_the_folder_is_locked_while_a_series_runs(train: Callable[..., SeedsResult], tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    folder = tmp_path / "straight"
    refused: list[str] = []

    def resume(what: str) -> None:
        if what == "epoch":
            for path in (folder, run_directory.member_folders(folder)[-1]):
                with pytest.raises(RunDirectoryError) as raised:
                    mlpcli.resume(path)
                refused.append(str(raised.value))

    train(1, progress=Listener(resume))
    mlpcli.resume(folder, seeds=2, progress=Listener(resume))
    message = "{}: another mlpcli is training in it; wait until it finishes, or stop it, then resume"
    assert set(refused) == {message.format(path) for path in (folder, folder / "seed-5", folder / "seed-6")}


def test_a_seed_in_which_somebody_trains(killed: Path) -> None:
    pytest.importorskip("fcntl")
    with run_directory.held_again(killed / "seed-6"):
        result = mlpcli.resume(killed)
    assert result.summary["seeds_done"] == [5, 7]
    assert "another mlpcli is training in it" in result.summary["failures"][0]["message"]


def test_other_data_for_the_remaining_seeds(write_config: Callable[..., Path], tmp_path: Path) -> None:
    rows = "".join(f"{row},{row % 7},{'ab'[row % 2]}\n" for row in range(60))
    (tmp_path / "my.csv").write_text(f"x,z,y\n{rows}", encoding="utf-8")
    config = write_config(CONFIG.replace("source: iris", f"source: {tmp_path / 'my.csv'}, target: y"))
    path = mlpcli.train_seeds(config, 1, run_dir=tmp_path / "run").path
    (tmp_path / "my.csv").write_text(f"x,z,y\n{rows.replace('9', '8')}", encoding="utf-8")
    before = _everything(path)
    with pytest.raises(DataError, match="its rows have changed since the last epoch; restore the data"):
        mlpcli.resume(path, seeds=2)
    assert _everything(path) == before
    assert mlpcli.resume(path, seeds=2, force=True).summary["seeds_done"] == [5, 6]


def test_folders_that_cannot_go_on(train: Callable[..., SeedsResult], tmp_path: Path) -> None:
    path = train(1).path
    (path / "seed-5" / "config.yaml").unlink()
    with pytest.raises(RunDirectoryError, match=r"seed-5: has files, but no config.yaml; restore it, or delete"):
        mlpcli.resume(path)
    shutil.rmtree(path / "seed-5")
    with pytest.raises(RunDirectoryError, match=r"none of its seeds has a config.yaml, so there is nothing"):
        mlpcli.resume(path)
    for text in ("{", "{}", '{"seeds_asked_for": [5, 7], "runs": [], "total_seconds": 1}'):
        (path / "seeds.json").write_text(text, encoding="utf-8")
        with pytest.raises(RunDirectoryError, match=r"seeds.json: is damaged: "):
            mlpcli.resume(path)


@pytest.mark.tf
def test_killed_and_resumed_with_keras(config: Path, tmp_path: Path) -> None:
    """A seed that is begun anew, after one that is resumed, draws what it would have drawn."""
    keras, cut, straight = ["training.engine=auto"], tmp_path / "cut", tmp_path / "straight"
    with pytest.raises(Killed):
        mlpcli.train_seeds(config, 2, keras, run_dir=cut, progress=Kills(2))
    mlpcli.resume(cut)
    mlpcli.train_seeds(config, 2, keras, run_dir=straight)
    assert _everything(cut) == _everything(straight)
