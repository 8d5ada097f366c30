#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

namespace posthorn::async {

/// Receives the process's signals (SIGTERM, SIGHUP, ...) as calls on the loop it was created on,
/// until it is destroyed. `call` is ordinary code: the restrictions of signal handlers do not apply
/// to it.
/// Thread: the loop's only.
class Signals {
 public:
  /// Requires: Loop::current().
  Signals(std::initializer_list<int> numbers, std::move_only_function<void(int)> call);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace posthorn::async
