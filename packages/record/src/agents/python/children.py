# Brings the agent into the Pythons that this one starts. The program sees the PYTHONPATH that it was given;
# ours stands only in what its children inherit.
import os
import sys


def reach(start):
    view = os.environ
    key = view.encodekey("PYTHONPATH")
    first = os.fsencode(start)
    separator = os.fsencode(os.pathsep)

    def own(value):
        """PYTHONPATH without our folder."""
        if isinstance(value, str):
            value = os.fsencode(value)
        return separator.join(part for part in value.split(separator) if part != first)

    def ours(value):
        rest = own(value or b"")
        return first + separator + rest if rest else first

    data = view._data
    rest = own(data.get(key, b""))
    if rest:
        data[key] = view.encodevalue(os.fsdecode(rest))
    else:
        data.pop(key, None)
    if sys.platform == "win32":
        return  # What is inherited there is the system's copy, which we left as it was.

    def inherit():
        """The program may have set or cleared the variable since."""
        os.putenv(b"PYTHONPATH", ours(data.get(key)))

    def named(environment):
        """A copy of a mapping with our folder."""
        copy = dict(environment)
        value = copy.pop(b"PYTHONPATH", None)
        copy["PYTHONPATH"] = os.fsdecode(ours(copy.get("PYTHONPATH", value)))
        return copy

    def listed(environment):
        """The same for a list of b'NAME=value'."""
        found = [entry[11:] for entry in environment if entry.startswith(b"PYTHONPATH=")]
        kept = [entry for entry in environment if not entry.startswith(b"PYTHONPATH=")]
        return kept + [b"PYTHONPATH=" + ours(found[-1] if found else None)]

    def wrap(module, name, position, change):
        plain = getattr(module, name, None)
        if plain is None:
            return

        def start_process(*args, **options):
            try:
                inherit()
                if position is not None:
                    if len(args) > position and args[position] is not None:
                        args = args[:position] + (change(args[position]),) + args[position + 1 :]
                    elif options.get("env") is not None:
                        options = dict(options, env=change(options["env"]))
            except Exception:
                pass  # Wrong arguments get the plain function's own message.
            return plain(*args, **options)

        start_process.__name__ = start_process.__qualname__ = name
        start_process.__doc__ = plain.__doc__
        for supported in (os.supports_fd, os.supports_dir_fd):
            if plain in supported:
                supported.add(start_process)
        setattr(module, name, start_process)

    for name, position in (("execv", None), ("execve", 2), ("system", None)):
        wrap(os, name, position, named)
    for name in ("posix_spawn", "posix_spawnp"):
        wrap(os, name, 2, named)
    try:
        import _posixsubprocess
    except ImportError:
        return
    wrap(_posixsubprocess, "fork_exec", 5, listed)
