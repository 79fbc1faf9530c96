// The record of a zygote's work before its first fork. The main interpreter is alive and, where the
// zygote has imported the extension, the import's events and counters are known. Each child restores
// this record, as if the child had done the work.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "shared.h"

namespace finfuzz {

class Beginning {
  public:
    // Copies the present content of shared memory.
    Beginning() : current_(shared->facts.current), alive_(shared->facts.alive), life_(shared->life[0]) {
        const uint8_t* counters = event_counters();
        for (size_t index = 0; index < counter_count(); ++index)
            if (counters[index]) counters_.emplace_back(index, counters[index]);
        judged_.assign(shared->judged, shared->judged + std::min<size_t>(shared->facts.judged_count, kJudgedCalls));
        events_.assign(shared->events, shared->events + std::min<size_t>(shared->facts.event_count, kEvents));
        if (!judged_.empty()) maps_.assign(shared->maps, shared->facts.maps_length);
    }

    // Call this in a child: the parent has zeroed the facts and the counters.
    void restore() const {
        Facts& facts = shared->facts;
        facts.progress = kRunning;
        facts.current = current_;
        facts.alive = alive_;
        facts.event_count = uint32_t(events_.size());
        std::copy(events_.begin(), events_.end(), shared->events);
        facts.judged_count = uint32_t(judged_.size());
        std::copy(judged_.begin(), judged_.end(), shared->judged);
        facts.maps_length = uint32_t(maps_.size());
        std::copy(maps_.begin(), maps_.end(), shared->maps);
        for (auto [index, value] : counters_) event_counters()[index] = value;
        shared->life[0] = life_;
        facts.lives = 1;  // last, because the parent may be waiting for a life
    }

  private:
    uint32_t current_;
    int32_t alive_;
    Life life_;
    std::vector<std::pair<size_t, uint8_t>> counters_;
    std::vector<Event> events_;
    std::vector<JudgedCall> judged_;
    std::string maps_;  // the files of the judged calls' frames
};

}  // namespace finfuzz
