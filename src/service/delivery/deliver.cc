#include "service/delivery/deliver.h"

#include <map>
#include <optional>

#include "async/gate.h"
#include "text/ascii.h"

namespace posthorn::service {
namespace {

/// Number of concurrent deliveries; each holds a header block.
constexpr std::size_t kTogether = 64;

Status append(store::Change& change, const Recipient& recipient, const store::NewEmail& email,
              Timestamp now) {
  const MailboxId mailbox = choose_mailbox(change.state(), recipient.folder);
  auto uid = change.append(mailbox, email, {}, now);
  return uid ? Status() : pass(uid);
}

async::Task<void> deliver_one(const Recipient& recipient, store::NewEmail email,
                              const Delivery& delivery, Status& outcome) {
  const auto put = [&](store::Change& change) {
    return append(change, recipient, email, delivery.now);
  };
  const store::Actor by = store::Actor::delivery().over(delivery.session);
  Result<store::ChangeReceipt> done =
      recipient.intent ? co_await recipient.account->change_once(by, *recipient.intent, put)
                       : co_await recipient.account->change(by, {}, put);
  outcome = done ? Status() : pass(done);
}

/// For each recipient, the first recipient with the same mailbox, which may be itself.
std::vector<std::size_t> first_of_each(std::span<const Recipient> recipients) {
  std::map<std::pair<AccountId, MailboxId>, std::size_t> seen;
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    const Recipient& recipient = recipients[i];
    const MailboxId mailbox = choose_mailbox(*recipient.account->published(), recipient.folder);
    first.push_back(seen.try_emplace({recipient.account->id(), mailbox}, i).first->second);
  }
  return first;
}

std::optional<MailboxId> mailbox_called(const store::AccountState& state, std::string_view folder) {
  if (const store::MailboxPtr exact = state.find(folder)) return exact->id;
  for (const auto& [name, id] : *state.names)
    if (text::iequals(name, folder)) return id;
  return std::nullopt;
}

/// RFC 4314 §2.1 "p". Who a sender is cannot be known here, so only what everybody has counts.
bool may_anyone_send_to(const store::AccountState& state, MailboxId mailbox) {
  store::Rights given;
  store::Rights taken;
  state.grants->for_each_of(mailbox, [&](const store::GrantKey&, const store::Grant& grant) {
    if (grant.to != store::Grant::To::anyone) return;
    store::Rights& sum = grant.sign == store::Grant::Sign::gives ? given : taken;
    sum = sum.with(grant.rights);
  });
  return given.without(taken).has(store::Right::post);
}

}  // namespace

MailboxId choose_mailbox(const store::AccountState& state, std::string_view folder) {
  const store::MailboxPtr inbox = state.find("INBOX");
  const MailboxId fallback = inbox ? inbox->id : MailboxId();
  if (folder.empty()) return fallback;
  const std::optional<MailboxId> found = mailbox_called(state, folder);
  if (!found) return fallback;
  const std::optional<store::Team>& team = state.sending->team;
  const bool restricted = team && team->folder_mail == store::Team::FolderMail::restricted;
  return restricted && !may_anyone_send_to(state, *found) ? fallback : *found;
}

async::Task<std::vector<Status>> deliver(Delivery delivery, store::Upload& message) {
  const std::span<const Recipient> recipients = delivery.recipients;
  const std::vector<std::size_t> first = first_of_each(recipients);
  std::vector<Status> outcomes(recipients.size());
  async::Gate gate;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    if (first[i] != i) continue;
    auto email =
        co_await message.finish(delivery.fields(recipients[i]), recipients[i].account->id());
    if (!email) {
      outcomes[i] = pass(email);
      continue;
    }
    gate.spawn(deliver_one(recipients[i], std::move(*email), delivery, outcomes[i]));
    if (gate.running() >= kTogether) co_await gate.wait_empty();
  }
  co_await gate.wait_empty();
  for (std::size_t i = 0; i < recipients.size(); ++i) outcomes[i] = outcomes[first[i]];
  co_return outcomes;
}

}  // namespace posthorn::service
