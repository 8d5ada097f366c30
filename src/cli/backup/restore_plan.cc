#include "cli/backup/restore_plan.h"

#include <set>
#include <tuple>

#include "cli/message_json.h"
#include "message/header/header.h"
#include "message/header/message_id.h"
#include "text/fold.h"

namespace posthorn::cli {
namespace {

using admin::Json;
using admin::number_of;
using admin::text_of;
using async::Task;

/// What the account has now.
struct Present {
  bool same_account = false;
  std::set<std::uint64_t> numbers;  ///< Of messages in any mailbox.
  /// By mailbox, size, date and zone: UIDs.
  std::multimap<std::tuple<std::string, std::uint64_t, std::int64_t, std::int16_t>, std::uint64_t>
      similar;
  std::set<std::string> mailboxes;
};

auto key_of(const std::string& mailbox, const ListedMessage& message) {
  return std::tuple(mailbox, message.size, message.received.seconds, message.received.zone_minutes);
}

class Planner {
 public:
  Planner(admin::Admin& backup, admin::Admin& now, const RestoreQuery& query)
      : backup_(backup), now_(now), query_(query) {}

  Task<Result<RestorePlan>> run() {
    auto saved = co_await list_mailboxes(backup_, query_.account);
    if (!saved) co_return pass(saved);
    if (Status known = check_names(*saved); !known) co_return pass(known);
    Status ready = co_await look_at_present(saved->account);
    if (!ready) co_return pass(ready);
    for (const std::string& mailbox : saved->mailboxes) {
      if (!is_wanted(mailbox)) continue;
      Status done = co_await compare(mailbox);
      if (!done) co_return pass(done);
    }
    co_return std::move(plan_);
  }

 private:
  [[nodiscard]] bool is_wanted(const std::string& mailbox) const {
    return query_.mailboxes.empty() ||
           std::ranges::find(query_.mailboxes, mailbox) != query_.mailboxes.end();
  }

  [[nodiscard]] Status check_names(const ListedMailboxes& saved) const {
    for (const std::string& wanted : query_.mailboxes)
      if (std::ranges::find(saved.mailboxes, wanted) == saved.mailboxes.end())
        return fail(ErrorKind::not_found,
                    fmt::format("the backup has no mailbox '{}' of {}", wanted, query_.account));
    return {};
  }

  Task<Status> look_at_present(std::string saved_account) {
    auto there = co_await list_mailboxes(now_, query_.account);
    if (!there && there.error().kind == ErrorKind::not_found) {
      plan_.account_missing = true;
      co_return Status();
    }
    if (!there) co_return pass(there);
    present_.same_account = there->account == saved_account;
    for (const std::string& mailbox : there->mailboxes) {
      present_.mailboxes.insert(mailbox);
      auto messages = co_await list_messages(now_, query_.account, mailbox);
      if (!messages) co_return pass(messages);
      for (const ListedMessage& message : *messages) {
        if (present_.same_account) present_.numbers.insert(message.number);
        present_.similar.emplace(key_of(mailbox, message), message.uid);
      }
    }
    co_return Status();
  }

  Task<Status> compare(const std::string& mailbox) {
    auto messages = co_await list_messages(backup_, query_.account, mailbox);
    if (!messages) co_return pass(messages);
    RestorePlan::Place place{.created = !present_.mailboxes.contains(mailbox), .messages = {}};
    for (ListedMessage& message : *messages) {
      auto wanted = co_await matches(mailbox, message);
      if (!wanted) co_return pass(wanted);
      if (!*wanted) continue;
      auto here = co_await is_present(mailbox, message);
      if (!here) co_return pass(here);
      if (*here) {
        ++plan_.present;
      } else {
        place.messages.push_back(
            {message.uid, message.size, message.received, std::move(message.flags)});
      }
    }
    // A mailbox without messages comes back too, unless single messages were asked for.
    const bool all = !query_.asks_for_header() && !query_.since && !query_.before;
    if (!place.messages.empty() || (place.created && all))
      plan_.places.emplace(mailbox, std::move(place));
    co_return Status();
  }

  Task<Result<bool>> matches(const std::string& mailbox, const ListedMessage& message) {
    if (query_.since && message.received.seconds < *query_.since) co_return false;
    if (query_.before && message.received.seconds >= *query_.before) co_return false;
    if (!query_.asks_for_header()) co_return true;
    auto octets = co_await read_message(backup_, query_.account, mailbox, message.uid);
    // What cannot be read cannot be restored either; restoring it would say so.
    if (!octets && octets.error().kind == ErrorKind::corrupt) co_return false;
    if (!octets) co_return pass(octets);
    const std::string_view header = *octets;
    const auto contains = [&](std::string_view field, const std::string& wanted) {
      const auto raw = message::find_header(header, field);
      return wanted.empty() ||
             (raw && text::fold(message::decode_header_value(*raw)).contains(text::fold(wanted)));
    };
    const auto id = message::find_header(header, "Message-ID");
    if (!query_.message_id.empty() && (!id || message::parse_message_id(*id) != query_.message_id))
      co_return false;
    co_return contains("From", query_.from) && contains("Subject", query_.subject);
  }

  Task<Result<bool>> is_present(const std::string& mailbox, const ListedMessage& message) {
    if (present_.same_account && present_.numbers.contains(message.number)) co_return true;
    const auto [first, last] = present_.similar.equal_range(key_of(mailbox, message));
    for (auto it = first; it != last; ++it) {
      auto theirs = co_await read_message(now_, query_.account, mailbox, it->second);
      if (!theirs) continue;  // Expunged meanwhile, or damaged: not what is wanted.
      auto ours = co_await read_message(backup_, query_.account, mailbox, message.uid);
      if (!ours && ours.error().kind == ErrorKind::corrupt) co_return false;
      if (!ours) co_return pass(ours);
      if (*ours == *theirs) co_return true;
    }
    co_return false;
  }

  admin::Admin& backup_;
  admin::Admin& now_;
  const RestoreQuery& query_;
  Present present_;
  RestorePlan plan_;
};

}  // namespace

Task<Result<RestorePlan>> plan_restore(admin::Admin& backup, admin::Admin& now,
                                       RestoreQuery query) {
  if (!query.message_id.empty()) {
    query.message_id = message::parse_message_id(
        query.message_id.starts_with('<') ? query.message_id : "<" + query.message_id + ">");
    if (query.message_id.empty())
      co_return fail(ErrorKind::bad_argument, "this is not a Message-ID");
  }
  co_return co_await Planner(backup, now, query).run();
}

}  // namespace posthorn::cli
