cdef extern from *:
    """
#include "../common/owner.h"
    """
    cppclass Owner "finfuzz::Owner":
        Act act
    object new_owner "finfuzz::new_owner"()
    Owner *owner_of "finfuzz::owner_of"(object capsule) except NULL
    bint give_to_owner "finfuzz::give_to_owner"(object capsule, object target) except False

from cpython.pycapsule cimport PyCapsule_CheckExact

def capsule():
    return new_owner()

def at_capsule(capsule, wanted, /):
    set_act(&owner_of(capsule).act, wanted)

