#if FINFUZZ_HAS(Colour)
cpdef enum Colour:
    red = 1
    green = 2

#endif
#if FINFUZZ_HAS(colour_name)
def colour_name(Colour colour, /):
    return "red" if colour == red else "green"

#endif
#if FINFUZZ_HAS(Shade)
cpdef enum class Shade:
    light = 1
    dark = 2

#endif
