#include "base/running_checksum.h"

#include <xxhash.h>

namespace posthorn {

struct RunningChecksum::State {
  XXH3_state_t* const hash = XXH3_createState();
  State() = default;
  ~State() { XXH3_freeState(hash); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

RunningChecksum::RunningChecksum() : state_(std::make_unique<State>()) { restart(); }
RunningChecksum::~RunningChecksum() = default;

void RunningChecksum::restart() { XXH3_64bits_reset(state_->hash); }

void RunningChecksum::add(std::string_view octets) {
  XXH3_64bits_update(state_->hash, octets.data(), octets.size());
}

std::uint64_t RunningChecksum::value() const { return XXH3_64bits_digest(state_->hash); }

}  // namespace posthorn
