#include "server/frame/deadline.h"

#include <algorithm>

namespace posthorn::server::frame {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

void Deadline::set(milliseconds time, Late late, std::string_view words) {
  at_ = steady_clock::now() + time;
  words_ = words;
  cut_.reset();
  if (late == Late::cut) cut_after(time + kGrace);
}

void Deadline::pass_now(std::string_view words) {
  at_ = steady_clock::now();
  words_ = words;
  cut_after(kParting);
  stream_.wake();
}

void Deadline::cut_after(milliseconds time) {
  cut_ = std::make_unique<async::Timer>();
  cut_->set(time, [this] { stream_.shutdown_now(); });
}

void Deadline::clear() {
  at_ = Time::max();
  cut_.reset();
}

bool Deadline::has_passed() const { return at_ != Time::max() && steady_clock::now() >= at_; }

milliseconds Deadline::limit(milliseconds wait) const {
  if (at_ == Time::max()) return wait;
  const auto left = std::chrono::ceil<milliseconds>(at_ - steady_clock::now());
  return std::clamp(left, milliseconds(1), std::max(wait, milliseconds(1)));
}

}  // namespace posthorn::server::frame
