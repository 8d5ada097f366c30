#include "service/sending/filed_copies.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "message/digest/keys_view.h"
#include "message/header/header.h"
#include "store/read/email_reader.h"
#include "store/read/same_body.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

/// Fields in which the two may differ. Clients keep Bcc in one and not the other, transport adds
/// its trace, and Thunderbird writes notes to itself into what it appends.
const std::array<std::string, 11>& passed_over() {
  static const std::array<std::string, 11> names = {"Bcc",
                                                    "Resent-Bcc",
                                                    "Received",
                                                    "Return-Path",
                                                    "Delivered-To",
                                                    "X-Mozilla-Status",
                                                    "X-Mozilla-Status2",
                                                    "X-Mozilla-Keys",
                                                    "X-Identity-Key",
                                                    "X-Account-Key",
                                                    "FCC"};
  return names;
}

std::string compared(std::string_view header) {
  return message::filter_header(header, passed_over(), message::HeaderFilter::fields_not);
}

}  // namespace

async::Task<Result<bool>> is_same_message(store::AccountPtr account, Ordinal stored,
                                          const store::NewEmail& fresh) {
  store::EmailReader reader(account);
  co_await reader.load(std::span(&stored, 1),
                       store::bit(store::Column::header) | store::bit(store::Column::body));
  auto header = reader.get(stored, store::Column::header);
  if (!header) co_return pass(header);
  if (compared(*header) != compared(fresh.record->header)) co_return false;
  auto body = reader.get(stored, store::Column::body);
  if (!body) co_return pass(body);
  co_return co_await store::same_body(account, *body, fresh);
}

async::Task<std::optional<store::FiledCopy>> find_filed_copy(store::AccountPtr account,
                                                             MailboxId mailbox,
                                                             const store::NewEmail& fresh,
                                                             store::FiledCopy::By by,
                                                             std::chrono::seconds window) {
  const store::StatePtr state = account->published();
  if (state->usage.filed.empty() || window.count() == 0) co_return std::nullopt;
  const std::string_view message_id = message::KeysView(fresh.record->keys).message_id();
  if (message_id.empty()) co_return std::nullopt;
  const std::uint64_t hash = store::hash_message_id(message_id);
  const std::int64_t since = account->store().clock().now().seconds - window.count();
  for (const store::FiledCopy& copy : state->usage.filed) {
    if (copy.message_id != hash || copy.mailbox != mailbox || copy.by != by || copy.time < since)
      continue;
    const Result<bool> same = co_await is_same_message(account, copy.email, fresh);
    if (same && *same) co_return copy;
    if (!same)
      log::warning("account {}: a sent message cannot be compared: {}", to_hex(account->id()),
                   same.error().text);
  }
  co_return std::nullopt;
}

bool is_still_there(const store::AccountState& state, const store::FiledCopy& copy) {
  const store::MailboxPtr mailbox = state.find(copy.mailbox);
  if (!mailbox || !mailbox->contents) return false;
  const auto position = mailbox->contents->members().position_of(copy.uid);
  return position && mailbox->contents->members().at(*position).ordinal == copy.email;
}

void note_filed_copy(store::SendingUsage& usage, const store::FiledCopy& copy,
                     std::chrono::seconds window) {
  auto& filed = usage.filed;
  std::erase_if(filed, [&](const store::FiledCopy& old) {
    return old.time < copy.time - window.count() || old.email == copy.email;
  });
  if (filed.size() >= store::SendingUsage::kMaxFiled) filed.erase(filed.begin());
  filed.push_back(copy);
}

}  // namespace posthorn::service
