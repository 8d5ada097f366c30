#include "micro/rig.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "load/message.h"
#include "store/change/upload.h"
#include "store/read/email_catalog.h"
#include "store/upkeep/filter_step.h"

namespace posthorn::bench {
namespace {

constexpr std::uint32_t kAppendedAtOnce = 500;

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s %s\n", result.error().text.c_str(), result.error().cause.c_str());
    std::abort();
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

async::Task<Status> close(store::Store& store) {
  co_await store.close();
  co_return Status();
}

}  // namespace

Rig::Rig(std::uint32_t messages) {
  store_ = must(store::Store::open(engine_, loops_, offload_, system_clock(), {}));
  const AccountId id = must(run(store_->create_account("reader@example.org", "", {})));
  account_ = must(run(store_->account(id)));
  must(run(fill(messages)));
  must(run(store_->sweep()));
  wait_for_filters();
  inbox_ = must(run(account_->load(account_->published()->find("INBOX")->id)));
}

/// They are made in the background.
void Rig::wait_for_filters() {
  store::EmailCatalog& emails = account_->emails();
  for (bool needed = true; needed;) {
    const auto groups = must(run(emails.load()));
    const auto refs = must(run(emails.filters().load()));
    needed = next_filter_step(*groups, emails.filters(), *refs).is_needed();
    if (needed) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Rig::~Rig() {
  inbox_.reset();
  account_.reset();
  must(run(close(*store_)));
  store_.reset();
  loops_.stop_and_join();
}

async::Task<Status> Rig::fill(std::uint32_t messages) {
  const MessageMaker maker(1);
  const MailboxId inbox = account_->published()->find("INBOX")->id;
  for (std::uint32_t first = 0; first < messages; first += kAppendedAtOnce) {
    std::vector<store::NewEmail> emails;
    for (std::uint32_t i = first; i < std::min(first + kAppendedAtOnce, messages); ++i) {
      store::Upload upload(*store_, account_->id());
      const std::string message = maker.message(i);
      Status fed = co_await upload.feed(message);
      if (!fed) co_return fed;
      auto email = co_await upload.finish();
      if (!email) co_return pass(email);
      emails.push_back(std::move(*email));
    }
    auto done = co_await account_->change(
        store::Actor::delivery(), {}, [&](store::Change& change) -> Status {
          for (std::uint32_t i = 0; i < emails.size(); ++i) {
            FlagList flags;
            if (maker.is_seen(first + i)) flags.system = bit(SystemFlag::seen);
            auto uid = change.append(inbox, emails[i], flags, {MessageMaker::date(first + i), 0});
            if (!uid) return pass(uid);
          }
          return {};
        });
    if (!done) co_return pass(done);
  }
  co_return Status();
}

}  // namespace posthorn::bench
