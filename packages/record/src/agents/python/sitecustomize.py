# Python runs this before the program because it lies first in PYTHONPATH. It starts the agent and steps
# aside: the program's own sitecustomize, if there is one, is imported under its name as without us.
# Any Python may meet this file, old ones too.
import sys


def _start():
    import os

    folder = os.path.dirname(__file__)
    while folder in sys.path:
        sys.path.remove(folder)
    sys.path_importer_cache.pop(folder, None)
    if sys.version_info < (3, 8):
        return
    path = os.path.join(folder, "agent.py")
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    exec(code, {"__name__": "whetstone_agent", "__file__": path})


try:
    _start()
except Exception:
    # The program runs without being measured rather than not at all.
    pass
sys.modules.pop("sitecustomize", None)
# Where there is none, the interpreter meets the ImportError that it expects.
import sitecustomize
