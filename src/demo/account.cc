#include "demo/account.h"

#include <vector>

#include "auth/credentials.h"
#include "demo/mail.h"
#include "store/change/upload.h"

namespace posthorn::demo {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr std::size_t kBatch = 64;

struct Ready {
  DemoMessage message;  ///< Its octets are gone.
  store::NewEmail email;
};

async::Task<Result<store::NewEmail>> take_in(store::Store& store, const AccountId& account,
                                             std::string_view octets) {
  store::Upload upload(store, account);
  Status fed = co_await upload.feed(octets);
  if (!fed) co_return pass(fed);
  co_return co_await upload.finish();
}

Status append_all(store::Change& change, const std::vector<Ready>& batch) {
  for (const Ready& one : batch) {
    const store::MailboxPtr existing = change.state().find(one.message.mailbox);
    MailboxId mailbox = existing ? existing->id : MailboxId();
    if (!existing) {
      auto made = change.create_mailbox({.name = one.message.mailbox, .subscribe = true});
      if (!made) return pass(made);
      mailbox = *made;
    }
    auto uid = change.append(mailbox, one.email, one.message.flags, one.message.received);
    if (!uid) return pass(uid);
  }
  return {};
}

}  // namespace

async::Task<Status> fill_demo_account(store::Store& store) {
  std::string credentials = auth::encode_keys(auth::make_keys(kDemoPassword));
  auto id = co_await store.create_account(kDemoName, std::move(credentials), {});
  if (!id && id.error().kind == ErrorKind::already_exists) co_return Status();
  if (!id) co_return pass(id);
  auto account = co_await store.account(*id);
  if (!account) co_return pass(account);

  std::vector<DemoMessage> messages;
  make_demo_mail(kSeed, [&](const DemoMessage& message) { messages.push_back(message); });
  std::vector<Ready> batch;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    auto email = co_await take_in(store, *id, messages[i].octets);
    if (!email) co_return pass(email);
    messages[i].octets.clear();
    batch.push_back({std::move(messages[i]), std::move(*email)});
    if (batch.size() < kBatch && i + 1 < messages.size()) continue;
    auto done = co_await (*account)->change(
        {}, [&batch](store::Change& change) { return append_all(change, batch); });
    if (!done) co_return pass(done);
    batch.clear();
  }
  co_return Status();
}

}  // namespace posthorn::demo
