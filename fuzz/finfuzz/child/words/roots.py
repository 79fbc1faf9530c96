"""Roots: `hold_in_<root>` keeps a node alive at that place."""


def hold_in_module(node):
    import sys

    names = sys.modules["__main__"].__dict__
    names[free_key(names)] = node


def hold_in_sys(node):
    import sys

    sys.__dict__[free_key(sys.__dict__)] = node


def hold_in_builtins(node):
    import builtins

    builtins.__dict__[free_key(builtins.__dict__)] = node


def hold_in_sys_modules(node):
    import sys

    sys.modules[free_key(sys.modules)] = node


def hold_in_gc_garbage(node):
    import gc

    gc.garbage.append(node)


def hold_in_interpreter_dict(node):
    names = interpreter_dict()
    names[free_key(names)] = node


def hold_in_thread_dict(node):
    names = thread_dict()
    names[free_key(names)] = node


def hold_in_thread_local(node):
    import _thread

    local = _thread._local()
    local.held = node
    leak(local)


def hold_in_codec(node):
    import _codecs

    _codecs.register(callback(node))


def hold_in_audit_hook(node):
    import sys

    sys.addaudithook(callback(node))


def hold_in_atexit(node):
    import atexit

    atexit.register(callback(node))


def hold_in_threading_shutdown(node):
    import threading

    threading._register_atexit(callback(node))


def hold_in_excepthook(node):
    import sys

    sys.excepthook = callback(node)


def hold_in_unraisablehook(node):
    import sys

    sys.unraisablehook = callback(node)


def hold_in_displayhook(node):
    import sys

    sys.displayhook = callback(node)


def hold_in_import_hook(node):
    import sys

    class Finder:
        held = node

        @staticmethod
        def find_spec(name, path=None, target=None):
            return None

    sys.meta_path.insert(0, Finder)


def hold_in_trace(node):
    import sys

    sys.settrace(callback(node))


def hold_in_monitoring(node):
    import sys

    tools = sys.monitoring
    tool = 0
    while tool < 5 and tools.get_tool(tool):
        tool += 1
    if not tools.get_tool(tool):
        tools.use_tool_id(tool, "held")
    tools.register_callback(tool, tools.events.PY_START, callback(node))
    tools.set_events(tool, tools.events.PY_START)


def hold_in_signal(node):
    import _signal

    _signal.signal(_signal.SIGUSR1, callback(node))


def hold_in_context(node):
    import _contextvars

    _contextvars.ContextVar("held").set(node)


def hold_in_type_dict(node):
    hold_in_type(node)


def hold_in_leak(node):
    leak(node)


def hold_in_call_once(t, node):
    t.call_once(node)


def hold_in_static_object(t, node):
    t.static_object(node)


def hold_in_native_thread_local(t, node):
    t.native_thread_local(node)


def hold_in_daemon_thread(node):
    import threading

    started, never = threading.Event(), threading.Event()

    def target(held):
        started.set()
        never.wait()

    threading.Thread(target=target, args=(node,), daemon=True).start()
    started.wait()


def hold_in_joined_thread(node):
    import threading

    started, end = threading.Event(), threading.Event()

    def target(held):
        started.set()
        end.wait()

    threading._register_atexit(end.set)
    threading.Thread(target=target, args=(node,), daemon=False).start()
    started.wait()


def hold_in_returning_thread(t, node):
    import _thread

    started = _thread.allocate_lock()
    started.acquire()

    def target(held):
        started.release()
        t.wait_for_the_end()

    _thread.start_new_thread(target, (node,))
    started.acquire()


def hold_in_native_thread(t, node):
    t.keep_in_native_thread(node)


def hold_in_returning_native_thread(t, node):
    t.return_in_native_thread(node)


def hold_in_waiting_native_thread(t, node):
    t.wait_in_native_thread(node)


def hold_in_waking_thread(node):
    import _thread

    started, end, native_ids, wake = (
        _thread.allocate_lock(),
        _thread.allocate_lock(),
        [],
        wake_thread,
    )
    started.acquire()
    end.acquire()

    def target(held):
        native_ids.append(_thread.get_native_id())
        started.release()
        end.acquire()

    class Waker:
        def __del__(self):
            wake(native_ids[0], end.release)

    _thread.start_new_thread(target, (node,))
    started.acquire()
    names = interpreter_dict()
    names[free_key(names)] = Waker()


def hold_in_interpreter_pool(t, node):
    import concurrent.futures
    import sys

    pool = concurrent.futures.InterpreterPoolExecutor(1)
    folder = t.__file__.rpartition("/")[0]
    use = "import sys; sys.path.insert(0, %r); import %s" % (folder, t.__name__)
    pool.submit(exec, use).result()
    pool.held = node
    names = sys.modules["__main__"].__dict__
    names[free_key(names)] = pool


def hold_in_interpreter_thread(t, node):
    import _thread
    import posix
    import threading

    import _interpreters

    (started, starts), (gate, opens), (never, _) = posix.pipe(), posix.pipe(), posix.pipe()
    folder = t.__file__.rpartition("/")[0]
    use = "import sys; sys.path.insert(0, %r); import %s" % (folder, t.__name__)
    wait = "import posix; posix.write(%d, b'x'); posix.read(%d, 1); posix.read(%d, 1)"
    wait = wait % (starts, gate, never)
    native_ids, refused = [], []

    def target(held):
        native_ids.append(_thread.get_native_id())
        error = _interpreters.exec(_interpreters.create(), use + "; " + wait)
        if error:
            refused.append(error.formatted)
            posix.write(starts, b"x")

    threading.Thread(target=target, args=(node,), daemon=True).start()
    posix.read(started, 1)
    if refused:
        raise ImportError(refused[0])
    # One that works when its interpreter is ended crashes CPython (docs/found.md): it must sleep.
    wake_thread(native_ids[0], lambda: posix.write(opens, b"x"))


def callback(held):
    return lambda *args: (held, None)[1]


def free_key(names):
    number = 0
    while "root%d" % number in names:
        number += 1
    return "root%d" % number
