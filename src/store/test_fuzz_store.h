#pragma once

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "async/loop.h"
#include "async/offload.h"
#include "async/test_run_on.h"
#include "base/log.h"
#include "engine/memory/memory_engine.h"
#include "store/account.h"
#include "store/change/upload.h"
#include "store/store.h"

namespace posthorn::store {

/// Prints the violated condition and crashes, which is how a fuzzer detects a failure.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

/// One thread for everything in a fuzzed session, created once. Offloaded work runs on it too, so
/// that each run takes the same path.
struct FuzzThreads {
  async::LoopPool loops{1};
  async::OffloadPool nothing{1, 0};
  /// For work that is refused unless a queue takes it: password hashing.
  async::OffloadPool some{1, 16};

  /// Never destroyed: OpenSSL's cleanup at exit runs before the destruction of statics, and would
  /// miss what it keeps for these threads.
  static FuzzThreads& all() {
    static FuzzThreads& threads = *new FuzzThreads;
    return threads;
  }
};

/// The store of one fuzzer run: in memory, with an account that contains a little of everything.
class FuzzStore {
 public:
  static constexpr Quota kQuota{.max_bytes = 32 << 10, .max_messages = 40};

  FuzzStore() {
    log::set_level(log::Level::off);
    FuzzThreads& threads = FuzzThreads::all();
    auto opened = Store::open(engine_, threads.loops, threads.nothing, clock_, StoreOptions{});
    require(opened.has_value(), "a store opens");
    store_ = std::move(*opened);
    account_ = run(fill(*store_));
  }
  ~FuzzStore() {
    account_.reset();
    run(store_->close());
  }
  FuzzStore(const FuzzStore&) = delete;
  FuzzStore& operator=(const FuzzStore&) = delete;

  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] const AccountPtr& account() const { return account_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

  template <class T>
  static T run(async::Task<T> task) {
    return async::run_on(FuzzThreads::all().loops.at(0), std::move(task));
  }

  /// Checks that the stored data conforms to docs/storage-format.md, whatever the client did.
  void check() {
    const auto report = run(store_->check(true));
    require(report.has_value(), "a check can be made");
    for (const std::string& finding : report->findings) require(false, finding);
  }

  static async::Task<Status> deliver(AccountPtr account, std::string mailbox, std::string octets,
                                     FlagList flags) {
    Upload upload(account->store(), account->id());
    if (Status fed = co_await upload.feed(octets); !fed) co_return fed;
    auto email = co_await upload.finish();
    if (!email) co_return pass(email);
    auto done = co_await account->change(Actor::delivery(), {}, [&](Change& change) -> Status {
      const MailboxPtr target = change.state().find(mailbox);
      if (!target) return fail(ErrorKind::not_found, mailbox);
      auto uid = change.append(target->id, *email, flags, {1'790'000'000, 60});
      return uid ? Status() : pass(uid);
    });
    co_return done ? Status() : pass(done);
  }

 private:
  static async::Task<AccountPtr> fill(Store& store) {
    auto id = co_await store.create_account("ada@example.org", "", kQuota);
    require(id.has_value(), "an account is made");
    auto account = co_await store.account(*id);
    require(account.has_value(), "an account opens");
    auto made =
        co_await (*account)->change(Actor::administrator(), {}, [](Change& change) -> Status {
          auto mailbox = change.create_mailbox({.name = "Work/Übung"});
          return mailbox ? Status() : pass(mailbox);
        });
    require(made.has_value(), "a mailbox is made");
    for (const std::string_view text : {kPlain, kMixed, kForwarded, kBroken}) {
      const Status done = co_await deliver(*account, "INBOX", std::string(text), flags_of(text));
      require(done.has_value(), "a message is kept");
    }
    co_return *account;
  }

  static FlagList flags_of(std::string_view text) {
    FlagList flags;
    if (text == kPlain) flags.system = bit(SystemFlag::seen);
    if (text == kMixed) flags.keywords = {"$Forwarded"};
    if (text == kBroken) flags.system = bit(SystemFlag::deleted);
    return flags;
  }

  static constexpr std::string_view kPlain =
      "From: Ann <ann@example.org>\r\nTo: ada@example.org\r\nSubject: hello\r\n"
      "Message-ID: <1@x>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n\r\nHello, world.\r\n";
  static constexpr std::string_view kMixed =
      "From: =?utf-8?q?J=C3=B6rg?= <j@example.org>\r\nSubject: Re: [x] hello (fwd)\r\n"
      "In-Reply-To: <1@x>\r\nMIME-Version: 1.0\r\n"
      "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\npreamble\r\n--b\r\n"
      "Content-Type: text/plain; charset=iso-8859-1\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe =\r\nund mehr\r\n--b\r\n"
      "Content-Type: application/octet-stream; name*=utf-8''%e2%82%ac.bin\r\n"
      "Content-Disposition: attachment; filename=\"a.bin\"\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\nAAECAwQ=\r\n--b--\r\nepilogue\r\n";
  static constexpr std::string_view kForwarded =
      "Subject: a message in a message\r\nReferences: <0@x> <1@x>\r\n"
      "Content-Type: multipart/alternative; boundary=out\r\n\r\n--out\r\n\r\nplain\r\n--out\r\n"
      "Content-Type: message/rfc822\r\n\r\nFrom: (nobody) <>\r\nSubject: inner\r\n"
      "Content-Type: multipart/digest; boundary=in\r\n\r\n--in\r\n\r\nSubject: one\r\n\r\n1\r\n"
      "--in--\r\n--out\r\nContent-Type: text/html\r\n\r\n<p>h&eacute;llo</p>\r\n--out--\r\n";
  static constexpr std::string_view kBroken =
      "From ann\r\n: no name\r\nSubject\r\nContent-Type: multipart/mixed\r\n"
      "Date: yesterday\r\nTo: a:b@c,d;, <@@>\r\n\r\nbare\rCR and 8 bit \xff\xfe\r\n";

  ManualClock clock_{1'790'000'000};
  engine::MemoryEngine engine_;
  std::unique_ptr<Store> store_;
  AccountPtr account_;
};

}  // namespace posthorn::store
