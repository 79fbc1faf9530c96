#include "../../common/reduced.h"
#if !FINFUZZ_ALONE
// Plain-c against the limited API: it is compiled with Py_LIMITED_API, as extensions are that have
// one wheel for all CPythons. What it is spared by that may be what kills plain-c.
#endif
#include "../plain_c/core.h"
#if FINFUZZ_HAS(Container)
#    include "../plain_c/container.h"
#endif
#include "features.h"
#include "../plain_c/module.h"
