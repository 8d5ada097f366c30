#include "base/log_limit.h"

#include <algorithm>
#include <utility>

namespace posthorn::log {

LineLimit::Clock::duration LineLimit::used(const Allowance& a, Clock::time_point now) const {
  return std::max(Clock::duration::zero(), a.used - (now - a.since));
}

LineLimit::Allowance& LineLimit::find(std::uint64_t cause, Clock::time_point now) {
  if (const auto it = causes_.find(cause); it != causes_.end()) return it->second;
  // Not for every line: with many invented causes, each line would then scan all of them.
  if (causes_.size() >= kMaxCauses && now - swept_ >= interval_) {
    swept_ = now;
    // Causes with a full allowance need no entry.
    std::erase_if(causes_, [&](const auto& entry) {
      return entry.second.left_out == 0 && used(entry.second, now) == Clock::duration::zero();
    });
  }
  if (causes_.size() >= kMaxCauses) return others_;
  return causes_.try_emplace(cause, Allowance{{}, now, 0}).first->second;
}

LineLimit::Verdict LineLimit::admit(std::uint64_t cause, Clock::time_point now) {
  const MutexLock lock(mutex_);
  Allowance& a = find(cause, now);
  const Clock::duration already = used(a, now);
  if (already + interval_ > burst_ * interval_) {
    ++a.left_out;
    ++left_out_;
    return {};
  }
  a.used = already + interval_;
  a.since = now;
  left_out_ -= std::min(left_out_, a.left_out);
  return {true, std::exchange(a.left_out, 0)};
}

std::uint64_t LineLimit::take_left_out(Clock::time_point now) {
  const MutexLock lock(mutex_);
  if (left_out_ == 0 || now - told_ < std::chrono::minutes(1)) return 0;
  told_ = now;
  for (auto& [cause, allowance] : causes_) allowance.left_out = 0;
  others_.left_out = 0;
  return std::exchange(left_out_, 0);
}

}  // namespace posthorn::log
