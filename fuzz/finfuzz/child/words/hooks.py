"""Hooks: `at_<hook>` has `act` called with a subject at that moment of a node's life.

The subject is the node itself, as long as the node exists at that moment. For weakref and finalize
the node is gone by then, and the subject is an instance of the extension that waits for the hook.
"""

# ---- on one node -------------------------------------------------------------------------------


def at_traverse(node, act):
    node.hook("traverse", act)


def at_clear(node, act):
    node.hook("clear", act)


def at_dealloc(node, act):
    node.hook("dealloc", act)


def at_del(node, act):
    type(node).__del__ = lambda self: act(self)


def at_weakref(t, node, act):
    import _weakref

    waiting = t.Instance()
    leak(_weakref.ref(node, lambda _: act(waiting)))


def at_finalize(t, node, act):
    import weakref

    weakref.finalize(node, act, t.Instance())


def at_capsule(t, node, act):
    t.at_capsule(node, act)


# ---- on the interpreter or the process; the node is the subject ---------------------------------


def at_atexit(node, act):
    import atexit

    atexit.register(act, node)


def at_threading_exit(node, act):
    import threading

    threading._register_atexit(act, node)


def at_busy_thread(node, act):
    import _thread

    started = _thread.allocate_lock()
    started.acquire()

    def target():
        try:
            act(node)
        finally:
            started.release()
        while True:
            act(node)

    _thread.start_new_thread(target, ())
    started.acquire()


def at_unraisable(node, act):
    import sys

    sys.unraisablehook = lambda _: act(node)


def at_module_free(t, node, act):
    import sys

    sys.modules[free_key(sys.modules)] = t.module_with_free(node, act)


def at_py_atexit(t, node, act):
    t.at_py_atexit(node)


def at_static_destructor(t, node, act):
    t.at_static_destructor(node)


def at_thread_local_destructor(t, node, act):
    t.at_thread_local_destructor(node)
