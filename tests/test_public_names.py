"""What programs may rely on, and what filling must not load."""

import subprocess
import sys
from importlib.util import find_spec

import pytest

import tiankong

NAMES = [
    "Answer",
    "AnsweredFile",
    "CheckedWord",
    "ContextWord",
    "Evaluation",
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
    "RowError",
    "SegmentedWord",
    "SentenceError",
    "SourceError",
    "Suggestion",
    "TiankongError",
    "TrainingResult",
    "__version__",
    "answer_file",
    "evaluate",
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


def test_no_module_has_the_name_of_a_public_function():
    """Once imported, it would stand in the function's place."""
    assert [name for name in NAMES if find_spec(f"tiankong.{name}")] == []


def python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout


def test_importing_the_package_takes_no_time():
    program = "from time import perf_counter as now; start = now(); import tiankong; print(now() - start)"
    assert min(float(python(program)) for _ in range(3)) <= LONGEST_IMPORT


BASE_INSTALL = "import sys; sys.modules.update(torch=None, lightning=None, onnx=None); import tiankong; "
MISSING = "training needs packages that are not installed: pip install 'tiankong[train]'"


@pytest.mark.parametrize("access", ["tiankong.train", "from tiankong import train", "tiankong.train('a', 'b')"])
def test_a_base_install_names_what_training_needs(access):
    done = subprocess.run([sys.executable, "-c", BASE_INSTALL + access], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith(f"tiankong.errors.MissingPackageError: {MISSING}")


def test_a_base_install_has_everything_else():
    program = (
        "import inspect; names = dir(tiankong); inspect.getmembers(tiankong); ns = {}; "
        "exec('from tiankong import *', ns); print(sorted(set(tiankong.__all__) - ns.keys()), "
        "sorted({'train', 'export', 'evaluate', 'prepare'} & set(names)))"
    )
    assert python(BASE_INSTALL + program) == "[] ['evaluate', 'prepare']\n"


def test_preparing_and_evaluating_need_no_training_package(tmp_path):
    program = (
        f"texts = [f'第{{n}}件外套做工不错' for n in range(40)]; out = {str(tmp_path / 'prepared')!r}; "
        "tiankong.prepare(texts, out, minimum_count=1, code_bits=0); tiankong.evaluate(text=texts[:2])"
    )
    assert not loaded_after(BASE_INSTALL + program) & {"torch.nn", "gensim", "pyarrow", "matplotlib"}


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
