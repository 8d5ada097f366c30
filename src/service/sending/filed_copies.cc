#include "service/sending/filed_copies.h"

#include <algorithm>
#include <ranges>
#include <vector>

#include "base/log.h"
#include "message/digest/keys_view.h"
#include "service/sending/same_header.h"
#include "store/read/email_reader.h"
#include "store/read/same_body.h"
#include "store/store.h"

namespace posthorn::service {
namespace {

using store::Column;

/// The copies that may be the message with this Message-ID (0 for none): first those with the same
/// id, then the others, the newest first. If a client submits a message without Message-ID, the
/// server adds one, but the client's own copy has none, so one of the two may lack it.
std::vector<store::FiledCopy> candidates(const std::vector<store::FiledCopy>& filed,
                                         const store::FiledCopy& wanted, std::int64_t since) {
  std::vector<store::FiledCopy> found;
  const auto add = [&](auto is_wanted_id) {
    for (const store::FiledCopy& copy : std::views::reverse(filed)) {
      if (copy.mailbox == wanted.mailbox && copy.by == wanted.by && copy.time >= since &&
          is_wanted_id(copy.message_id))
        found.push_back(copy);
    }
  };
  add([&](std::uint64_t id) { return id == wanted.message_id; });
  add([&](std::uint64_t id) {
    return id != wanted.message_id && (id == 0 || wanted.message_id == 0);
  });
  return found;
}

async::Task<Result<bool>> is_same_message(const store::AccountPtr& account,
                                          store::EmailReader& reader, Ordinal stored,
                                          const store::NewEmail& fresh) {
  auto keys = reader.get(stored, Column::keys);
  if (!keys) co_return pass(keys);
  const std::string_view stored_id = message::KeysView(*keys).message_id();
  const std::string_view fresh_id = message::KeysView(fresh.record->keys).message_id();
  if (!stored_id.empty() && !fresh_id.empty() && stored_id != fresh_id) co_return false;
  auto header = reader.get(stored, Column::header);
  if (!header) co_return pass(header);
  if (!is_header_of_same_message(*header, fresh.record->header)) co_return false;
  auto body = reader.get(stored, Column::body);
  if (!body) co_return pass(body);
  co_return co_await store::same_body(account, *body, fresh);
}

}  // namespace

std::uint64_t message_id_hash(const store::NewEmail& email) {
  const std::string_view id = message::KeysView(email.record->keys).message_id();
  return id.empty() ? 0 : store::hash_message_id(id);
}

async::Task<std::optional<store::FiledCopy>> find_filed_copy(store::AccountPtr account,
                                                             MailboxId mailbox,
                                                             const store::NewEmail& fresh,
                                                             store::FiledCopy::By by,
                                                             std::chrono::seconds window) {
  const store::StatePtr state = account->published();
  if (state->usage.filed.empty() || window.count() == 0) co_return std::nullopt;
  const std::int64_t since = account->store().clock().now().seconds - window.count();
  store::FiledCopy wanted;
  wanted.message_id = message_id_hash(fresh);
  wanted.mailbox = mailbox;
  wanted.by = by;
  const std::vector<store::FiledCopy> copies = candidates(state->usage.filed, wanted, since);
  if (copies.empty()) co_return std::nullopt;
  std::vector<Ordinal> emails;
  for (const store::FiledCopy& copy : copies) emails.push_back(copy.email);
  std::ranges::sort(emails);
  store::EmailReader reader(account);
  co_await reader.load(emails, bit(Column::keys) | bit(Column::header) | bit(Column::body));
  for (const store::FiledCopy& copy : copies) {
    const Result<bool> same = co_await is_same_message(account, reader, copy.email, fresh);
    if (same && *same) co_return copy;
    if (!same && same.error().kind != ErrorKind::not_found)
      log::warning("account {}: a sent message cannot be compared with its copy: {}",
                   to_hex(account->id()), same.error().text);
  }
  co_return std::nullopt;
}

Result<MailboxId> sent_mailbox(store::Change& change) {
  constexpr std::string_view kSentName = "Sent";
  if (const auto marked = change.state().find_special(store::SpecialUse::sent)) return marked->id;
  if (const auto named = change.state().find(kSentName)) {
    change.set_special_use(named->id, static_cast<store::SpecialUses>(
                                          named->special_use | bit(store::SpecialUse::sent)));
    return named->id;
  }
  return change.create_mailbox({std::string(kSentName), bit(store::SpecialUse::sent), true});
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
