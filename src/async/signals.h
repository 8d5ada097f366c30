#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

namespace posthorn::async {

/// Hears the process's signals (SIGTERM, SIGHUP, ...) as calls on the loop it was made on, until
/// destroyed. Nothing of what a signal handler may not do binds the call. Thread: the loop's only.
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
