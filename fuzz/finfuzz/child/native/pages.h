// The pages that every child touches before it is gone, made its own at once.
//
// A child that only finalizes writes to some 500 pages of its zygote, each by a page fault of its own.
// So a zygote sends one child ahead, which tells where it was, and later children ask for those pages
// in some 65 calls, which saved a tenth of their time (docs/speed.md). What a page holds is the same;
// it is only there earlier.
#pragma once

namespace finfuzz {

void prepare_pages();      // before any fork
void tell_pages_at_end();  // in the child that is sent ahead
void note_pages();         // at the end of its life
void take_pages();         // in a child

}  // namespace finfuzz
