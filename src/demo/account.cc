#include "demo/account.h"

#include <utility>
#include <vector>

#include "auth/credentials.h"
#include "demo/mail.h"
#include "service/import.h"
#include "store/change/upload.h"

namespace posthorn::demo {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr std::size_t kBatch = 64;

async::Task<Result<store::NewEmail>> take_in(store::Store& store, const AccountId& account,
                                             std::string_view octets) {
  store::Upload upload(store, account);
  Status fed = co_await upload.feed(octets);
  if (!fed) co_return pass(fed);
  co_return co_await upload.finish();
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
  std::vector<service::ImportedMessage> batch;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    DemoMessage& message = messages[i];
    auto email = co_await take_in(store, *id, message.octets);
    if (!email) co_return pass(email);
    message.octets = {};
    batch.push_back({std::move(message.mailbox), std::move(*email), std::move(message.flags),
                     message.received});
    if (batch.size() < kBatch && i + 1 < messages.size()) continue;
    auto done = co_await service::import_messages({*account, store::Actor::delivery()},
                                                  std::exchange(batch, {}));
    if (!done) co_return pass(done);
  }
  co_return Status();
}

}  // namespace posthorn::demo
