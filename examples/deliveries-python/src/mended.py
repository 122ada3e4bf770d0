"""The faults of this program, by name; `--mend name,…` runs the mended version of each."""

import sys

faults = (
    "waiting",
    "hot-line",
    "c-code",
    "lock",
    "calls",
    "collector",
    "quadratic",
    "start-up",
    "memory",
    "types",
)


def _given() -> frozenset[str]:
    arguments = sys.argv[1:]
    at = arguments.index("--mend") + 1 if "--mend" in arguments else len(arguments)
    names = arguments[at].split(",") if at < len(arguments) else []
    for name in names:
        if name != "all" and name not in faults:
            sys.stderr.write(f"deliveries: no fault '{name}'. The faults are {', '.join(faults)}, or all.\n")
            sys.exit(2)
    return frozenset(names)


_names = _given()


def mended(fault: str) -> bool:
    """True where the user asked for this fault to be mended."""
    return fault in _names or "all" in _names
