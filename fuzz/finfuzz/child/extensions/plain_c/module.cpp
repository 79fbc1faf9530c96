#include "../../common/reduced.h"
#if !FINFUZZ_ALONE
// The control: the same extension as a framework's, against the C API alone.
//
// What kills this one is not a binding framework's doing. It has heap types and a module definition
// that allows own-GIL interpreters, as the C API manual asks for.
#endif
#include "core.h"
#if FINFUZZ_HAS(Container)
#    include "container.h"
#endif
#include "features.h"
#include "module.h"
