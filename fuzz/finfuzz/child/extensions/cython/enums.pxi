#if FINFUZZ_HAS(Tint)
cpdef enum Tint:
    red = 1
    green = 2

#endif
#if FINFUZZ_HAS(tint_name)
def tint_name(Tint tint, /):
    return "red" if tint == red else "green"

#endif
#if FINFUZZ_HAS(Shade)
cpdef enum class Shade:
    light = 1
    dark = 2

#endif
