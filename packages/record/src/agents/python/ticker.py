# Calls a function again and again from a thread that `threading` does not know.
import _thread
import atexit
import os
import sys
import time


class Ticker:
    """
    `look()` says how many seconds to wait for the next one, `in_child()` follows a fork, `at_end()` the program;
    `started()` every start, that in a child, too.
    """

    def __init__(self, look, in_child=None, at_end=None, started=None):
        self._started = started
        self._look = look
        self._in_child = in_child
        self._at_end = at_end
        self._thread = None
        self._over = False
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)
        for name in ("fork", "forkpty"):
            if hasattr(os, name):
                setattr(os, name, self._alone(getattr(os, name)))
        # What is registered first runs last.
        atexit.register(self._ended)
        self._start()

    def _start(self):
        self._wake = _thread.allocate_lock()
        self._wake.acquire()
        self._native = None
        self._thread = _thread.start_new_thread(self._run, (self._wake,))
        if self._started is not None:
            self._started()

    def _run(self, wake):
        try:
            if hasattr(_thread, "get_native_id"):
                self._native = _thread.get_native_id()
            pause = 0.0
            while not wake.acquire(True, pause):
                try:
                    pause = max(self._look(), 0.001)
                except Exception:
                    pause = 1.0
        except Exception:
            pass

    def stop(self):
        """Ends the thread, and waits a moment until the system does not know it either."""
        if self._thread is None:
            return
        self._thread = None
        self._wake.release()
        for _ in range(1000):
            if self._native is not None and not os.path.exists("/proc/self/task/%d" % self._native):
                break
            time.sleep(0.0001)

    def _alone(self, plain):
        """
        A fork without our thread: it would be in the midst of its work, and from 3.12 on the interpreter warns
        of other threads.
        """

        def fork():
            try:
                self.stop()
            except Exception:
                pass
            try:
                return plain()
            finally:
                # In the child not before here: PyPy crashes where a thread is started while it forks.
                if self._thread is None and not self._over:
                    self._start()

        fork.__name__ = fork.__qualname__ = plain.__name__
        fork.__doc__ = plain.__doc__
        return fork

    def _forked(self):
        try:
            self._thread = None
            if self._in_child is not None:
                self._in_child()
        except Exception:
            pass

    def _ended(self):
        try:
            self._over = True
            self.stop()
            if self._at_end is not None:
                self._at_end()
        except Exception:
            pass


def before_exit(act):
    """Calls `act` where a process ends or is replaced without the interpreter's own end."""
    for name in ("_exit", "abort", "execv", "execve"):
        plain = getattr(os, name, None)
        if plain is not None:
            setattr(os, name, _acting(plain, name, act))


def _acting(plain, name, act):
    def end_process(*args, **options):
        try:
            act()
        except Exception:
            pass
        return plain(*args, **options)

    end_process.__name__ = end_process.__qualname__ = name
    end_process.__doc__ = plain.__doc__
    if plain in os.supports_fd:
        os.supports_fd.add(end_process)
    return end_process
