// Early copies of the pages that every child touches in its life.
//
// A child that only finalizes writes to some 500 pages of its zygote, and each costs a page fault. So
// a zygote forks a scout first, which records the pages that it has touched. Later children populate
// those pages in some 65 calls, which saved a tenth of their time (docs/speed.md). The content of a
// page stays the same; only the copy is made earlier.
#pragma once

namespace finfuzz {

void prepare_pages();        // before any fork
void record_pages_at_end();  // in the scout
void record_pages();         // at the end of the scout's life; does nothing in other children
void populate_pages();       // in any other child

}  // namespace finfuzz
