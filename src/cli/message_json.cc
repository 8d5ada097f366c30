#include "cli/message_json.h"

#include <array>

namespace posthorn::cli {
namespace {

using admin::Json;
using admin::number_of;
using admin::text_of;
using async::Task;

constexpr std::array<std::pair<std::string_view, SystemFlag>, 5> kFlags = {
    {{"\\Seen", SystemFlag::seen},
     {"\\Answered", SystemFlag::answered},
     {"\\Flagged", SystemFlag::flagged},
     {"\\Deleted", SystemFlag::deleted},
     {"\\Draft", SystemFlag::draft}}};

std::unexpected<Error> not_understood() {
  return fail(ErrorKind::server_bug, "the server's answer contains no list");
}

std::int64_t signed_number_of(const Json& json, std::string_view name) {
  const auto* const value = json.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

}  // namespace

Task<Result<ListedMailboxes>> list_mailboxes(admin::Admin& admin, std::string account) {
  auto answer = co_await admin.call(Json{{"do", "mailbox.list"}, {"name", account}});
  if (!answer) co_return pass(answer);
  ListedMailboxes listed{std::string(text_of(answer->said, "account")), {}};
  const auto* const list = answer->said.if_contains("mailboxes");
  if (list == nullptr || !list->is_array()) co_return not_understood();
  for (const auto& entry : list->get_array())
    if (entry.is_object()) listed.mailboxes.emplace_back(text_of(entry.get_object(), "mailbox"));
  co_return listed;
}

ListedMessage parse_listed(const Json& entry) {
  ListedMessage message{.uid = number_of(entry, "uid"),
                        .number = number_of(entry, "number"),
                        .size = number_of(entry, "size"),
                        .received = {},
                        .flags = {}};
  message.received = {signed_number_of(entry, "date"),
                      static_cast<std::int16_t>(signed_number_of(entry, "zone"))};
  const auto* const flags = entry.if_contains("flags");
  if (flags == nullptr || !flags->is_array()) return message;
  for (const auto& flag : flags->get_array()) {
    if (!flag.is_string()) continue;
    const std::string_view name = flag.get_string();
    const auto known = std::ranges::find(kFlags, name, &decltype(kFlags)::value_type::first);
    if (known != kFlags.end()) {
      message.flags.system |= bit(known->second);
    } else {
      message.flags.keywords.emplace_back(name);
    }
  }
  return message;
}

Task<Result<std::vector<ListedMessage>>> list_messages(admin::Admin& admin, std::string account,
                                                       std::string mailbox) {
  std::vector<ListedMessage> messages;
  std::uint64_t after = 0;
  while (true) {
    auto page = co_await admin.call(
        Json{{"do", "message.list"}, {"name", account}, {"mailbox", mailbox}, {"after", after}});
    if (!page) co_return pass(page);
    const auto* const list = page->said.if_contains("messages");
    if (list == nullptr || !list->is_array()) co_return not_understood();
    for (const auto& entry : list->get_array())
      if (entry.is_object()) messages.push_back(parse_listed(entry.get_object()));
    if (!page->said.contains("next")) co_return messages;
    after = number_of(page->said, "next");
  }
}

Task<Result<std::string>> read_message(admin::Admin& admin, std::string account,
                                       std::string mailbox, std::uint64_t uid) {
  auto answer = co_await admin.call(
      Json{{"do", "message.read"}, {"name", account}, {"mailbox", mailbox}, {"uid", uid}});
  if (!answer) co_return pass(answer);
  std::string octets;
  if (!answer->octets) co_return not_understood();
  while (true) {
    auto portion = co_await answer->octets->next();
    if (!portion) co_return pass(portion);
    if (portion->empty()) co_return octets;
    octets += *portion;
  }
}

}  // namespace posthorn::cli
