"""What programs may rely on, and what filling must not load."""

import subprocess
import sys

import tiankong


def test_public_names():
    assert sorted(tiankong.__all__) == [
        "Answer",
        "CheckedWord",
        "ContextWord",
        "Explanation",
        "JointAnswer",
        "LabelShare",
        "Model",
        "RankedCandidate",
        "SegmentedWord",
        "Suggestion",
        "__version__",
        "load",
    ]
    assert callable(tiankong.load)


def loaded_after(code: str) -> set[str]:
    program = f"{code}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy():
    assert not loaded_after("import tiankong") & {"torch", "numpy", "onnxruntime", "lightning"}


def test_filling_loads_no_training_package(model_folder):
    modules = loaded_after(
        f"import tiankong; tiankong.load({str(model_folder)!r}).fill('物流__，很快')".replace("print", "")
    )
    assert "onnxruntime" in modules
    assert not modules & {"torch", "lightning", "gensim", "matplotlib", "onnx", "pyarrow", "tiankong.corpus"}
