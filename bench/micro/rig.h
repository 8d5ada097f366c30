#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "async/gate.h"
#include "async/loop.h"
#include "async/offload.h"
#include "engine/memory/memory_engine.h"
#include "store/account.h"
#include "store/store.h"

namespace posthorn::bench {

/// A store on a memory engine with one account, whose INBOX has `messages` messages, packed into
/// pages. What fails while it is made ends the program: there is nothing to measure then.
class Rig {
 public:
  explicit Rig(std::uint32_t messages);
  ~Rig();
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  [[nodiscard]] const store::AccountPtr& account() const { return account_; }
  [[nodiscard]] const store::MailboxPtr& inbox() const { return inbox_; }

  /// Runs a task on the loop and waits for it. Thread: none of the rig's own.
  template <class T>
  T run(async::Task<T> task) {
    std::promise<T> done;
    auto result = done.get_future();
    async::Gate gate;
    loops_.at(0).post([&] { gate.spawn(keep(std::move(task), done)); });
    T value = result.get();
    std::promise<void> freed;  // The frame has to be gone before the gate.
    loops_.at(0).post([&] { freed.set_value(); });
    freed.get_future().wait();
    return value;
  }

 private:
  template <class T>
  static async::Task<void> keep(async::Task<T> task, std::promise<T>& done) {
    done.set_value(co_await std::move(task));
  }
  async::Task<Status> fill(std::uint32_t messages);
  void wait_for_filters();

  async::LoopPool loops_{1};
  async::OffloadPool offload_{1, 100};
  engine::MemoryEngine engine_;
  std::unique_ptr<store::Store> store_;
  store::AccountPtr account_;
  store::MailboxPtr inbox_;
};

}  // namespace posthorn::bench
