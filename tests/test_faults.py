"""What the machine may do to a run: each fault, what happens then, and the test that says so.

==================================  ==================================================  ============================
fault                               what happens                                        test
==================================  ==================================================  ============================
disk full, or file size limited     one message that names the file or folder and the   ``TestFullDisk``
                                    reason; what was there stays, nothing else does
stdout cannot be written            one line and code 2; code 1 and no word where its   ``test_stdout_...``
                                    reader is gone
no folder for compiled kernels      they are compiled in memory, with one warning       ``TestKernelCache``,
(read-only, and no HOME)                                                                ``test_nothing_can_be_...``
disk of the kernels' folder full    the same                                            ``TestKernelCache``
kernel files cut off                they are compiled and kept again                    ``TestKernelCache``
two processes fill one cache        both are right, and so is who reads it after        ``TestKernelCache``
an upgrade changes an inlined file  compiled again                                      ``test_an_upgrade_...``
one processor by affinity           the same bits                                       ``test_one_processor``
a lesser processor told to Numba    the same bits                                       ``TestLesserProcessor``
layers workqueue, omp, tbb          the same bits, from eight Python threads at once    ``test_threads_at_once_...``
fork, also while a thread works     the same bits; RuntimeError after GNU's OpenMP      ``test_threads_at_once_...``
fork while a thread holds BLAS      BLAS has its threads in the child                   ``test_a_child_...``
spawn                               the same bits                                       ``test_threads_at_once_...``
Ctrl-C                              code 130; resumed to the same bits                  test_report, test_trials,
                                                                                        test_checkpoint, test_balls
SIGKILL                             resumed to the same bits                            test_schedule, test_folder
signals for an hour                 the same bits; memory, files, threads do not grow   ``python tests/soak.py``
==================================  ==================================================  ============================
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import numba
import numpy as np
import pytest

import fastcurse as fc
from fastcurse import experiments
from fastcurse._kernels import _cache
from fastcurse.engine.checkpoint import Checkpoint
from fastcurse.experiments import Check
from fastcurse.plots import panels
from fastcurse.report import article

resource = pytest.importorskip("resource", reason="limits and signals of POSIX")

ROOT = Path(fc.__file__).parent.parent
compiled = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="NUMBA_DISABLE_JIT: nothing is compiled")


def environment(**changes):
    """Return the environment of another process that imports this fastcurse; None takes a variable away."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    every = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "", **changes}
    return {name: value for name, value in every.items() if value is not None}


def python(code, *arguments, check=True, **options):
    command = [sys.executable, *(["-c", code] if code else []), *map(str, arguments)]
    options.setdefault("env", environment())
    return subprocess.run(command, check=check, text=True, stderr=subprocess.PIPE, timeout=300, **options)


def out_of(code, *arguments, **options):
    done = python(code, *arguments, stdout=subprocess.PIPE, check=False, **options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


# Disks


class LimitedFiles:
    """A folder whose files may not grow beyond a size: RLIMIT_FSIZE, as a quota."""

    reason = "File too large"

    def __init__(self, folder):
        self.folder = folder

    @contextmanager
    def full(self):
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, limits[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)


class SmallDisk:
    """A file system of one megabyte in memory."""

    reason = "No space left on device"

    def __init__(self, folder):
        self.folder = folder

    @contextmanager
    def full(self):
        ballast = self.folder / "ballast"
        with open(ballast, "wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)):
                pass
        try:
            yield
        finally:
            ballast.unlink()


@pytest.fixture(params=["limit", "tmpfs"])
def disk(request, tmp_path):
    if request.param == "limit":
        yield LimitedFiles(tmp_path)
        return
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root, on Linux, can mount a small tmpfs")
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    yield SmallDisk(place)
    subprocess.run(["umount", "--lazy", place], check=True)


def draw_a_line(result):
    """A line."""
    figure, (ax,) = panels(1)
    ax.plot([0, 1])
    return figure


@pytest.fixture(scope="module")
def writers():
    """What writes files: a name, and the function of a path that writes there."""
    X = np.random.default_rng(0).random((40, 5))
    extremes, profile = fc.distance_extremes(X), fc.profile(X, k=3)

    def page(path):
        table = {"main": {"p": np.arange(3)}}
        result = experiments.ExperimentResult("sun", "Title", {}, table, (Check("sky", 1.0, 1.0, 0.5, "seen"),), ())
        meta = {**article.run_article({}, seed=0, quick=True, repeats=None, progress=False)[1]}
        article.write_article(path, article.PAGES["article"], {"sun": result}, meta)

    return {
        "checkpoint": lambda path: Checkpoint(path, {"d": 1}).save({"draws": [0] * 1000}),
        "extremes": extremes.save,
        "json": profile.to_json,
        "html": profile.to_html,
        "article": page,
    }


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if path.name != "ballast"
    }


@pytest.mark.parametrize("name", ["checkpoint", "extremes", "json", "html", "article"])
class TestFullDisk:
    @pytest.fixture(autouse=True)
    def one_figure(self, monkeypatch):
        monkeypatch.setattr(experiments.ExperimentResult, "_drawings", lambda self: {"a_line": draw_a_line})

    def test_what_was_there_stays_and_nothing_else(self, disk, writers, name):
        target, write = disk.folder / "target", writers[name]
        write(target)
        before = contents(disk.folder)
        with disk.full():
            with pytest.raises((OSError, ValueError), match=disk.reason) as caught:
                write(target)
            assert contents(disk.folder) == before
        message = str(caught.value)
        assert str(target) in message
        assert "tmp" not in message.replace(str(target), "")
        write(target)
        assert contents(disk.folder).keys() == before.keys()

    def test_a_new_one_is_not_begun(self, disk, writers, name):
        with disk.full():
            with pytest.raises((OSError, ValueError), match=disk.reason):
                writers[name](disk.folder / "target")
            assert contents(disk.folder) == {}


def test_copies_of_a_file_that_have_no_room(disk):
    """They are written through maps: a page that the disk has no room for would be a bus error."""
    code = """
import pathlib, sys
import numpy as np
from fastcurse.profile._rows import Scratch
Scratch(pathlib.Path(sys.argv[1]), in_files=True).copy((1000, 200), float, iter([np.ones((1000, 200))]))
"""
    (disk.folder / "ours").mkdir()
    with disk.full():
        done = python(code, disk.folder / "ours", check=False)
    assert done.returncode == 1
    # Not the last line where coverage.py, which measures children too, has no room for its own file.
    told = [line for line in done.stderr.splitlines() if line.startswith("OSError: ")]
    assert any(line.endswith(f"{disk.reason}: {str(disk.folder)!r}") for line in told)


@pytest.fixture
def points(tmp_path):
    np.save(tmp_path / "X.npy", np.random.default_rng(0).random((30, 3)))
    return tmp_path / "X.npy"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_stdout_that_is_full(points):
    with open("/dev/full", "w") as full:
        done = python("", "-m", "fastcurse", "distances", points, stdout=full, check=False)
    assert (done.returncode, done.stderr) == (2, "fastcurse: [Errno 28] No space left on device\n")


def test_stdout_that_nobody_reads(points):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as closed:
        done = python("", "-m", "fastcurse", "distances", points, stdout=closed, check=False)
    assert (done.returncode, done.stderr) == (1, "")


def test_stdout_that_is_closed(points):
    done = python("", "-m", "fastcurse", "distances", points, check=False, preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stderr) == (2, "fastcurse: stdout must be open, got one that is closed\n")


# Compiled kernels on disk


TINY = """
from fastcurse._kernels._compile import kernel


@kernel()
def total(x):
    s = x[0]
    for i in range(1, len(x)):
        s += x[i]
    return s
"""


@compiled
class TestKernelCache:
    @pytest.fixture
    def source(self, tmp_path):
        (tmp_path / "source").mkdir()
        path = tmp_path / "source" / "tiny.py"
        path.write_text(TINY, encoding="utf-8")
        return path

    @pytest.fixture
    def place(self, tmp_path, monkeypatch):
        self.use(tmp_path / "kernels", monkeypatch)
        return tmp_path / "kernels"

    def use(self, place, monkeypatch):
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(place))
        monkeypatch.setattr(numba.config, "CACHE_DIR", str(place))

    def call(self, source, dtype=np.float64):
        """Return whether a process that begins now finds the kernel; it must give the right answer."""
        spec = importlib.util.spec_from_file_location("tiny", source)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        assert module.total(np.arange(5, dtype=dtype)) == 10
        return sum(module.total.stats.cache_hits.values()) == 1

    def test_a_kernel_is_compiled_once_for_each_type(self, source, place):
        found = [self.call(source, dtype) for dtype in (float, float, np.int64, float, np.int64)]
        assert found == [False, True, False, True, True]

    def test_other_sources_are_compiled_again(self, source, place, monkeypatch):
        self.call(source)
        monkeypatch.setattr(_cache, "_sources", lambda: "of the next version")
        assert [self.call(source), self.call(source)] == [False, True]

    @pytest.mark.parametrize("suffix", [".nbi", ".nbc"])
    @pytest.mark.parametrize("length", [0, 1, 30])
    def test_files_that_were_cut_off_are_written_anew(self, source, place, suffix, length):
        self.call(source)
        (path,) = place.rglob(f"*{suffix}")
        path.write_bytes(path.read_bytes()[:length])
        assert [self.call(source), self.call(source)] == [False, True]

    def test_a_disk_that_is_full(self, source, disk, monkeypatch):
        place = disk.folder / "kernels"
        self.use(place, monkeypatch)
        with disk.full():
            with pytest.warns(RuntimeWarning, match=f"cannot be kept.*{disk.reason}.*set NUMBA_CACHE_DIR"):
                self.call(source)
            assert not [path for path in place.rglob("*") if path.is_file()]
        assert [self.call(source), self.call(source)] == [False, True]

    def test_code_that_numba_lost_is_not_kept(self, source, place, monkeypatch):
        """Ctrl-C in a callback of LLVM is swallowed there, and serialising the code raises after."""

        def lost(*arguments):
            raise RuntimeError("no compiled object yet")

        with monkeypatch.context() as patch:
            patch.setattr(numba.core.caching.CompileResultCacheImpl, "reduce", lost)
            self.call(source)
        assert [self.call(source), self.call(source)] == [False, True]

    def test_no_folder_that_can_be_written(self, source, monkeypatch):
        self.use("/dev/null/kernels", monkeypatch)
        (source.parent / "__pycache__").touch()
        for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
            monkeypatch.setenv(name, "/dev/null/nobody")
        with pytest.warns(RuntimeWarning, match="cannot be kept.*no folder that can be written.*set NUMBA_CACHE_DIR"):
            self.call(source)

    def test_no_reader_gets_what_was_compiled_for_others(self, tmp_path):
        """Two processes read the index at once, then both write; who comes after finds the right code or none."""
        first, second, after = (_cache._Files(str(tmp_path), "kernel", "sources") for _ in range(3))
        seen = first._load_index()
        first._load_index = second._load_index = lambda: dict(seen)
        writes = [files._save_data for files in (first, second)]
        delayed = []
        first._save_data = lambda *what: delayed.append(what)
        first.save("float64", "code for float64")
        second.save("int64", "code for int64")
        writes[0](*delayed[0])
        assert after.load("int64") == "code for int64"
        assert after.load("float64") in (None, "code for float64")

    @pytest.mark.parametrize("other", ["sources", "Numba"])
    def test_a_writer_that_is_killed_leaves_no_name_of_other_code(self, other, tmp_path):
        def files(version):
            made = _cache._Files(str(tmp_path), "kernel", version if other == "sources" else "")
            made._version = version if other == "Numba" else ""
            return made

        old, new = files("old"), files("new")
        old.save("float64", "old code")
        new._save_index = lambda *what: (_ for _ in ()).throw(KeyboardInterrupt)
        with pytest.raises(KeyboardInterrupt):
            new.save("float64", "new code")
        new._save_data = new._save_index
        with pytest.raises(KeyboardInterrupt):
            new.save("int64", "new code")
        assert files("new")._load_index() == {}
        assert files("old").load("float64") == "old code"

    def test_two_processes_at_once(self, source, place):
        code = (
            "import sys, numpy as np; sys.path.insert(0, sys.argv[1]); from tiny import total\n"
            "sys.stdin.readline()\n"
            "for dtype in sys.argv[2:]:\n"
            "    print(dtype, int(total(np.arange(5, dtype=dtype))))\n"
        )
        dtypes = ["float64", "int64", "float32"]
        both = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(source.parent), *order], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True, env=environment(),
            )
            for order in (dtypes, dtypes[::-1])
        ]  # fmt: skip
        for process in both:
            process.stdin.write("go\n")
            process.stdin.flush()
        found = [process.communicate()[0].splitlines() for process in both]
        assert sorted(found[0]) == sorted(found[1]) == sorted(f"{dtype} 10" for dtype in dtypes)
        for dtype in dtypes:
            self.call(source, dtype)


def without_rights():
    """Let the permissions of files bind this process, root's too; called between fork and exec."""
    if sys.platform.startswith("linux") and os.geteuid() == 0:
        drop = 24  # PR_CAPBSET_DROP
        for right in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(drop, right, 0, 0, 0)


@pytest.fixture
def copy(tmp_path):
    """A copy of the package that no test has compiled."""
    shutil.copytree(ROOT / "fastcurse", tmp_path / "copy" / "fastcurse", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "copy"


@compiled
def test_nothing_can_be_written_and_there_is_no_home(copy):
    folders = [copy, *(path for path in copy.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    tried = [sys.executable, "-c", f"open({str(copy / 'file')!r}, 'w')"]
    if not subprocess.run(tried, check=False, capture_output=True, preexec_fn=without_rights).returncode:
        pytest.skip("the permissions of a folder do not bind this user, and the right to ignore them cannot be dropped")
    code = (
        "import fastcurse as fc; rule = fc.PrefixLDA().fit([[0.0], [2.0], [3.0], [5.0]], [0, 0, 1, 1])\n"
        "print(fc.__file__, *rule.predict_path([[1.0], [4.0]], [1])[0])"
    )
    nowhere = environment(PYTHONPATH=str(copy), NUMBA_CACHE_DIR=None, HOME=None, XDG_CACHE_HOME=str(copy / "none"))
    done = python(code, env=nowhere, stdout=subprocess.PIPE, preexec_fn=without_rights, cwd="/")
    for folder in folders:
        folder.chmod(0o755)
    assert done.stdout.split() == [str(copy / "fastcurse" / "__init__.py"), "0", "1"]
    assert done.stderr.count("RuntimeWarning: compiled kernels cannot be kept") == 1
    assert not list(copy.rglob("__pycache__"))


@compiled
def test_an_upgrade_of_an_inlined_file_is_compiled_anew(copy, tmp_path):
    kernels = copy / "fastcurse" / "_kernels"
    head = "from fastcurse._kernels._compile import kernel\n"
    (kernels / "outer.py").write_text(
        f"{head}from fastcurse._kernels.inner import inner\n\n\n@kernel()\ndef outer(x):\n    return inner(x)\n",
        encoding="utf-8",
    )
    code = "from fastcurse._kernels.outer import outer; print(outer(1), sum(outer.stats.cache_hits.values()))"
    own = environment(PYTHONPATH=str(copy), NUMBA_CACHE_DIR=str(tmp_path / "kernels"), PYTHONDONTWRITEBYTECODE="1")
    found = []
    for added in (10, 10, 20):
        (kernels / "inner.py").write_text(
            f"{head}\n\n@kernel(inline=True)\ndef inner(x):\n    return x + {added}\n", encoding="utf-8"
        )
        found.append(out_of(code, env=own, cwd=copy).split())
    assert found == [["11", "0"], ["11", "1"], ["21", "0"]]


# Threads and processes


ANSWERS = """
import hashlib, multiprocessing, os, sys, threading
from concurrent.futures import ThreadPoolExecutor
import numpy as np
import fastcurse as fc

X = np.random.default_rng(7).random((500, 12), dtype=np.float32)
CALLS = (
    lambda: fc.distance_extremes(X).nearest_pair,
    lambda: fc.distance_extremes(X, prefixes=[12]).farthest,
    lambda: fc.prefix_neighbors(X, k=3, prefixes=[4, 12], queries=range(100)).distances,
    lambda: np.array(fc.estimate_ball_volume(5, 10**6, random_state=1).hits),
)


def answer(k):
    return hashlib.sha256(np.ascontiguousarray(CALLS[k % len(CALLS)]()).tobytes()).hexdigest()[:16]


def all_answers():
    return [answer(k) for k in range(len(CALLS))]


def tell(pipe):
    try:
        pipe.send(all_answers())
    except RuntimeError as error:
        pipe.send(str(error))


def in_child(method):
    context = multiprocessing.get_context(method)
    here, there = context.Pipe()
    child = context.Process(target=tell, args=(there,), daemon=True)
    child.start()
    there.close()
    print(method, here.recv() if here.poll(100) else "hangs")
    child.join()
"""
FAULTS = """
def hold():
    with parallel_region(1), blas.one_blas_thread():
        inside.set()
        leave.wait()


def hold_briefly():
    with blas._LOCK:
        inside.set()
        time.sleep(0.5)


if __name__ == "__main__":
    import time
    import numba
    from fastcurse.engine import blas
    from fastcurse.engine.threads import parallel_region

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(answer, range(4 * len(CALLS))))
    print("layer", numba.threading_layer())
    print("threads", found[: len(CALLS)] if found == 4 * found[: len(CALLS)] else found)
    inside, leave = threading.Event(), threading.Event()
    for holding in (hold, hold_briefly):
        inside.clear()
        threading.Thread(target=holding, daemon=True).start()
        inside.wait()
        in_child("fork")
    leave.set()
    in_child("spawn")
"""


@pytest.fixture(scope="module")
def expected():
    space = {"__name__": "answers"}
    exec(ANSWERS, space)
    return str(space["all_answers"]())


LAYERS = {
    "omp": "import numba.np.ufunc.omppool",
    "workqueue": "import numba.np.ufunc.workqueue",
    "tbb": "from numba.np.ufunc import parallel, tbbpool; parallel._check_tbb_version_compatible()",
}


@compiled
@pytest.mark.parametrize("layer", ["omp", "workqueue", "tbb"])
def test_threads_at_once_then_fork_while_they_work_and_spawn(layer, expected, tmp_path):
    """Eight Python threads call at once; a child is forked while a thread is in a region, or has BLAS's lock."""
    # The wheel of tbb lays its library there, where no loader looks for it.
    places = os.pathsep.join([str(Path(sys.prefix) / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]).rstrip(os.pathsep)
    chosen = environment(NUMBA_THREADING_LAYER=layer, LD_LIBRARY_PATH=places)
    if python(LAYERS[layer], env=chosen, check=False).returncode:
        pytest.skip(f"Numba's layer {layer} is not installed here")
    script = tmp_path / "answers.py"
    script.write_text(ANSWERS + FAULTS, encoding="utf-8")
    done = python("", script, env=chosen, stdout=subprocess.PIPE)
    after_openmp = (
        "fastcurse must not run in a process that was forked after its parent had started OpenMP threads: start "
        "processes by 'spawn' or 'forkserver', or set NUMBA_THREADING_LAYER=workqueue"
    )
    forked = after_openmp if layer == "omp" and sys.platform.startswith("linux") else expected
    told = [f"layer {layer}", f"threads {expected}", f"fork {forked}", f"fork {forked}", f"spawn {expected}"]
    assert done.stdout.splitlines() == told


HELD = """
import os, sys, threading
import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits
from fastcurse.engine.blas import one_blas_thread

def threads():
    np.ones((200, 200)) @ np.ones((200, 200))
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

def in_child(*holds):
    child = os.fork()
    if not child:
        try:
            told = [threads()]
            for hold in holds:
                hold.__exit__(None, None, None)
                told.append(threads())
            with one_blas_thread():
                told.append(threads())
            print(*told, threads(), flush=True)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0

def hold():
    with one_blas_thread():
        inside.set()
        leave.wait()

inside, leave = threading.Event(), threading.Event()
threadpool_limits(2, "blas")
thread = threading.Thread(target=hold)
thread.start()
inside.wait()
in_child()
own = one_blas_thread()
own.__enter__()
in_child(own)
own.__exit__(None, None, None)
leave.set()
thread.join()
print(threads())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_does_not_hold_blas_for_a_thread_of_its_parent():
    told = out_of(HELD, env=environment(PYTHONWARNINGS="ignore")).splitlines()
    assert told == ["{2} {1} {2}", "{1} {2} {1} {2}", "{2}"]


@compiled
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no processor affinity")
def test_one_processor(expected):
    def one():
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    code = "from fastcurse.engine.threads import available_threads; print(available_threads(), all_answers())"
    own = environment(NUMBA_NUM_THREADS=None)
    assert out_of(f"{ANSWERS}\n{code}", env=own, preexec_fn=one) == f"1 {expected}\n"


LESSER = ["NUMBA_CPU_NAME=generic", "NUMBA_ENABLE_AVX=0"]
on_x86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="instructions of x86")


@compiled
class TestLesserProcessor:
    """LLVM ends the process where it is given an instruction that the processor it was told of does not have."""

    def run(self, code, told):
        name, value = told.split("=")
        return out_of(code, env=environment(**{name: value, "FASTCURSE_VECTOR_BITS": None}))

    @pytest.mark.parametrize("told", [*LESSER, pytest.param("NUMBA_CPU_FEATURES=+avx512vnni", marks=on_x86)])
    def test_every_width(self, told):
        code = (
            f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
            "import test_search_block as tests; from fastcurse._kernels import simd, search_block\n"
            "for bits in (128, 256, 512): tests.test_inner_products_of_bytes(bits)\n"
            "print(simd.host_bits(), search_block.has_dot_product())"
        )
        assert self.run(code, told) == "128 False\n"

    @pytest.mark.slow
    @pytest.mark.parametrize("told", LESSER)
    def test_a_search_in_bytes(self, told):
        code = (
            "import numpy as np, fastcurse as fc; X = np.random.default_rng(7).random((500, 12))\n"
            "found = fc.distance_extremes(X, prefixes=[12], screen='int8')\n"
            "print(found.stats.screen, found.nearest_pair, found.farthest_pair, found.nearest, found.farthest)"
        )
        assert self.run(code, told) == out_of(code)
