# Prints where Python files import what only a run knows: file, line, text, each followed by a zero byte.
import ast
import sys

NAMES = {'__import__', 'import_module', 'load_module', 'run_module', 'run_path', 'spec_from_file_location'}

for file in sys.stdin.read().split('\0'):
    try:
        with open(file, 'rb') as source:
            data = source.read()
        tree = ast.parse(data)
    except (OSError, SyntaxError, ValueError, RecursionError):
        continue
    lines = data.decode('utf-8', 'replace').split('\n')
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, 'id', getattr(node.func, 'attr', None))
        if name in NAMES and not isinstance(node.args[0], ast.Constant):
            text = lines[node.lineno - 1].strip()[:200]
            sys.stdout.write('%s\0%d\0%s\0' % (file, node.lineno, text))
