#include "async/signals.h"

#include <boost/asio/signal_set.hpp>
#include <cassert>
#include <utility>

#include "async/loop.h"

namespace posthorn::async {

struct Signals::State {
  State(Loop& loop, std::move_only_function<void(int)> c)
      : set(loop.native()), call(std::move(c)) {}

  boost::asio::signal_set set;
  std::move_only_function<void(int)> call;
  bool ended = false;

  static void listen(const std::shared_ptr<State>& state) {
    state->set.async_wait([state](const boost::system::error_code& error, int number) {
      if (error || state->ended) return;
      state->call(number);
      if (!state->ended) listen(state);
    });
  }
};

Signals::Signals(std::initializer_list<int> numbers, std::move_only_function<void(int)> call) {
  assert(Loop::current());
  state_ = std::make_shared<State>(*Loop::current(), std::move(call));
  for (const int number : numbers) {
    boost::system::error_code error;
    state_->set.add(number, error);
    assert(!error);
  }
  State::listen(state_);
}

Signals::~Signals() {
  state_->ended = true;
  boost::system::error_code ignored;
  state_->set.cancel(ignored);
}

}  // namespace posthorn::async
