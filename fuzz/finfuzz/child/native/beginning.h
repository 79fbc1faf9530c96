// What a zygote has done before the first fork, as its children have to tell it: that the main
// interpreter lives and, where the zygote has imported the extension, all that was seen of the import.
// A program that begins by importing then looks in shared memory as if it had done so itself.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "shared.h"

namespace finfuzz {

class Beginning {
  public:
    // Takes down what is in shared memory now.
    Beginning() : current_(shared->facts.current), alive_(shared->facts.alive), life_(shared->life[0]) {
        const uint8_t* counters = event_counters();
        for (size_t index = 0; index < counter_count(); ++index)
            if (counters[index]) counters_.emplace_back(index, counters[index]);
        events_.assign(shared->events, shared->events + std::min<size_t>(shared->facts.event_count, kEvents));
    }

    // In a child, where the parent has zeroed the facts and the counters.
    void restore() const {
        Facts& facts = shared->facts;
        facts.progress = kRunning;
        facts.current = current_;
        facts.alive = alive_;
        facts.event_count = uint32_t(events_.size());
        std::copy(events_.begin(), events_.end(), shared->events);
        for (auto [index, value] : counters_) event_counters()[index] = value;
        shared->life[0] = life_;
        facts.lives = 1;  // last: a parent may be waiting for it
    }

  private:
    uint32_t current_;
    int32_t alive_;
    Life life_;
    std::vector<std::pair<size_t, uint8_t>> counters_;
    std::vector<Event> events_;
};

}  // namespace finfuzz
