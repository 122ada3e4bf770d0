# Runs inside each Python of a traced run, before the program: notes the files that it imports and opens.
import os
import sys


def _trace(folder):
    known = set()
    note = os.open(os.path.join(folder, '%d-python.files' % os.getpid()), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def add(name):
        if isinstance(name, bytes):
            name = os.fsdecode(name)
        if not isinstance(name, str) or name in known:
            return
        known.add(name)
        text = os.path.abspath(name)
        # Python opens what it compiled, and the pack makes that anew: the source is what must go in.
        head, last = os.path.split(text)
        if os.path.basename(head) == '__pycache__' and last.endswith('.pyc'):
            text = os.path.join(os.path.dirname(head), last.split('.')[0] + '.py')
        os.write(note, os.fsencode(text) + b'\0')

    def hook(event, args):
        try:
            if event == 'open' and args:
                add(args[0])
            elif event == 'import' and len(args) > 1 and args[1]:
                add(args[1])
            elif event == 'ctypes.dlopen' and args and args[0]:
                add(args[0])
            elif event == 'subprocess.Popen':
                for one in (args[0], *(args[1] or ())):
                    if isinstance(one, (str, bytes)) and os.path.isabs(one):
                        add(one)
        except Exception:
            # The program must not notice.
            pass

    sys.addaudithook(hook)


def _step_aside():
    """Lets the sitecustomize that would have run without us run, and takes our folder from the path."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [one for one in sys.path if os.path.abspath(one or '.') != here]
    ours = sys.modules.pop('sitecustomize', None)
    try:
        import sitecustomize
    except ImportError as error:
        if error.name != 'sitecustomize':
            raise
        if ours is not None:
            sys.modules['sitecustomize'] = ours


if os.environ.get('WHETSTONE_PACK_TRACE'):
    _trace(os.environ['WHETSTONE_PACK_TRACE'])
    _step_aside()
