# Starts the part of the agent that this run asks for, in this process and in those that it starts.
# Nothing here stays in sys.modules, and nothing may raise into the program.
import os
import sys

_folder = os.path.dirname(__file__)


def load(name):
    """One of the files beside this one, as a module that sys.modules does not have."""
    path = os.path.join(_folder, name + ".py")
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    module = type(sys)("whetstone_agent." + name)
    module.__file__ = path
    module.load = load
    exec(code, module.__dict__)
    return module


def _options():
    with open(os.path.join(_folder, "options.json"), encoding="utf-8") as file:
        return eval(file.read(), {"__builtins__": {}, "true": True, "false": False, "null": None})


load("children").reach(_folder)
options = _options()
load(options["part"]).start(options, os.path.dirname(_folder), _folder)
