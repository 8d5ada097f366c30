#include "server/lmtp/delivery.h"

#include "async/gate.h"

namespace posthorn::server::lmtp {
namespace {

/// Deliveries under way at the same time: each holds a header block.
constexpr std::size_t kTogether = 64;

Status append(store::Change& change, const Recipient& recipient, const store::NewEmail& email,
              Timestamp now) {
  const MailboxId mailbox = choose_mailbox(change.state(), recipient.folder);
  auto uid = change.append(mailbox, email, {}, now);
  return uid ? Status() : pass(uid);
}

async::Task<void> deliver_one(const Recipient& recipient, store::NewEmail email, Timestamp now,
                              Status& outcome) {
  auto done = co_await recipient.account->change(
      {}, [&](store::Change& change) { return append(change, recipient, email, now); });
  outcome = done ? Status() : pass(done);
}

/// The first recipient that leads to the same mailbox, which may be itself.
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

}  // namespace

async::Task<std::vector<Status>> deliver(std::span<const Recipient> recipients,
                                         store::Upload& message, TraceFacts facts) {
  const std::vector<std::size_t> first = first_of_each(recipients);
  std::vector<Status> outcomes(recipients.size());
  async::Gate gate;
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    if (first[i] != i) continue;
    auto email = co_await message.finish(trace_fields(facts, recipients[i].address));
    if (!email) {
      outcomes[i] = pass(email);
      continue;
    }
    gate.spawn(deliver_one(recipients[i], std::move(*email), facts.now, outcomes[i]));
    if (gate.running() >= kTogether) co_await gate.wait_empty();
  }
  co_await gate.wait_empty();
  for (std::size_t i = 0; i < recipients.size(); ++i) outcomes[i] = outcomes[first[i]];
  co_return outcomes;
}

}  // namespace posthorn::server::lmtp
