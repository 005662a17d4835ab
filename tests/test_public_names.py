"""What programs may rely on, and what filling must not load."""

import subprocess
import sys

import pytest

import tiankong

NAMES = [
    "Answer",
    "CheckedWord",
    "ContextWord",
    "Explanation",
    "ExportResult",
    "FolderError",
    "JointAnswer",
    "LabelShare",
    "MissingPackageError",
    "Model",
    "OptionError",
    "PreparedCorpus",
    "Progress",
    "RankedCandidate",
    "SegmentedWord",
    "SentenceError",
    "SourceError",
    "Suggestion",
    "TiankongError",
    "TrainingResult",
    "__version__",
    "export",
    "load",
    "prepare",
    "train",
]
LONGEST_IMPORT = 0.1


def test_public_names():
    assert tiankong.__all__ == NAMES
    assert set(NAMES) <= set(dir(tiankong))
    for name in NAMES:
        assert getattr(tiankong, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'predict'"):
        tiankong.predict  # noqa: B018


def python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout


def test_importing_the_package_takes_no_time():
    program = "from time import perf_counter as now; start = now(); import tiankong; print(now() - start)"
    assert min(float(python(program)) for _ in range(3)) <= LONGEST_IMPORT


def loaded_after(code: str) -> set[str]:
    return set(python(f"{code}; import sys; print(*sys.modules)").split())


def test_importing_the_package_loads_nothing_heavy():
    assert not loaded_after("import tiankong") & {"torch", "numpy", "onnxruntime", "lightning"}


def test_filling_loads_no_training_package(model_folder):
    modules = loaded_after(
        f"import tiankong; tiankong.load({str(model_folder)!r}).fill('物流__，很快')".replace("print", "")
    )
    assert "onnxruntime" in modules
    assert not modules & {"torch", "lightning", "gensim", "matplotlib", "onnx", "pyarrow", "tiankong.corpus"}
