"""A first import of a library of frames does not disturb the native models that answer meanwhile."""

import os
import subprocess
import sys
from pathlib import Path

SLOW = "import time; time.sleep(0.3)\nclass DataFrame: ...\nclass Series: ..."
"""A library of frames whose import takes a while, so that predictions fall into it."""

PROGRAM = """
import sys, threading
import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from carafe.models.container import ColumnType, Container, Shape
from carafe.models.flavours.native import NativeModel
from carafe.schema import Column, Kind, Rows, Signature, Target, Task

before = {"polars"} & set(sys.modules)
numbers = np.arange(12.0).reshape(6, 2)
model = NativeModel(
    estimator=make_pipeline(StandardScaler(), Ridge()).fit(numbers, numbers.sum(axis=1)),
    signature=Signature(
        columns=(Column(name="a", kind=Kind.NUMBER), Column(name="b", kind=Kind.NUMBER)),
        target=Target(name="y", task=Task.REGRESSION),
    ),
    container=Container(shape=Shape.ARRAY, columns=(ColumnType(dtype="float64"),)),
)
problems, answered, done = set(), [], threading.Event()

def answer():
    while not done.is_set():
        try:
            model.predict(Rows(tuple(numbers.T)))
        except Exception as error:
            problems.add(str(error))
        answered.append(1)

thread = threading.Thread(target=answer)
thread.start()
while not answered:
    pass
import polars
done.set()
thread.join()
print(sorted(before), sorted(problems))
"""


def test_native_models_answer_while_another_thread_imports_a_library_of_frames_for_the_first_time(
    tmp_path: Path,
) -> None:
    (tmp_path / "polars.py").write_text(SLOW)
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"
