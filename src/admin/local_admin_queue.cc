#include <algorithm>
#include <charconv>

#include "admin/local_admin.h"
#include "relay/cancel.h"
#include "service/sending/edit_outbox.h"

// Requests about queued mail. An id is "account/number", where the account is given by its name or,
// as in the log, in hexadecimal.
namespace posthorn::admin {
namespace {

namespace json = boost::json;

using store::OutboxEntry;
using store::OutboxId;
using store::OutboxRecipient;
using store::RecipientState;

constexpr std::size_t kPage = 500;

std::string_view name_of(RecipientState state) {
  switch (state) {
    case RecipientState::waiting: return "waiting";
    case RecipientState::delivered: return "delivered";
    case RecipientState::relayed: return "relayed";
    case RecipientState::failed: return "failed";
    case RecipientState::cancelled: return "cancelled";
  }
  return {};
}

Json to_json(const OutboxRecipient& recipient) {
  Json out{{"address", recipient.address},
           {"state", name_of(recipient.state)},
           {"attempts", recipient.attempts}};
  if (recipient.state == RecipientState::waiting) out["next_attempt"] = recipient.next_attempt;
  if (!recipient.last_status.empty()) out["last_status"] = recipient.last_status;
  return out;
}

/// The data of an entry in a list.
Json summary(const std::string& id, const OutboxEntry& entry) {
  std::size_t waiting = 0;
  std::int64_t next = 0;
  std::string_view last;
  for (const OutboxRecipient& recipient : entry.recipients) {
    if (!recipient.last_status.empty()) last = recipient.last_status;
    if (recipient.state != RecipientState::waiting) continue;
    if (waiting++ == 0 || recipient.next_attempt < next) next = recipient.next_attempt;
  }
  return {{"id", id},
          {"from", entry.return_path},
          {"submitted", entry.submitted},
          {"size", entry.size},
          {"recipients", entry.recipients.size()},
          {"waiting", waiting},
          {"next_attempt", std::max(next, entry.hold_until)},
          {"expires", entry.expires},
          {"last_status", last}};
}

struct Place {
  std::string account;
  OutboxId entry;
};

std::optional<Place> parse_place(std::string_view id) {
  const std::size_t cut = id.rfind('/');
  if (cut == std::string_view::npos) return std::nullopt;
  const std::string_view digits = id.substr(cut + 1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return Place{std::string(id.substr(0, cut)), OutboxId(number)};
}

/// Changes one entry in its current state, and removes it when nobody waits for it any more.
async::Task<Status> edit(service::Caller caller, OutboxId id,
                         std::function<void(OutboxEntry&)> how) {
  return service::edit_outbox(std::move(caller), id, std::move(how));
}

}  // namespace

async::Task<std::string> LocalAdmin::queue_name(const AccountId& account) {
  auto profile = co_await store_.profile(account);
  co_return profile ? profile->name : to_hex(account);
}

async::Task<Result<LocalAdmin::Queued>> LocalAdmin::find_queued(std::string_view id) {
  const auto place = parse_place(id);
  if (!place)
    co_return fail(ErrorKind::bad_argument,
                   fmt::format("'{}' is not the id of a queued message", id));
  const auto hex = partition_id_from_hex(place->account);
  auto account = hex ? co_await store_.account(*hex) : co_await open(place->account);
  if (!account) co_return pass(account);
  const auto outbox = (*account)->published()->outbox;
  const auto found = outbox->find(place->entry);
  if (found == outbox->end())
    co_return fail(ErrorKind::not_found, fmt::format("there is no message {} in the queue", id));
  co_return Queued{*account, found->second, std::string(id)};
}

async::Task<Result<Answer>> LocalAdmin::list_queue(Json request) {
  std::vector<AccountId> accounts;
  if (const std::string_view name = text_of(request, "name"); !name.empty()) {
    auto id = co_await find(name);
    if (!id) co_return pass(id);
    accounts.push_back(*id);
  } else {
    auto listed = co_await store_.accounts_with_outbox();
    if (!listed) co_return pass(listed);
    accounts = std::move(*listed);
  }
  std::ranges::sort(accounts);
  const auto after = parse_place(text_of(request, "after"));
  const auto from = after ? partition_id_from_hex(after->account) : std::nullopt;
  json::array entries;
  for (const AccountId& id : accounts) {
    if (from && id < *from) continue;
    auto account = co_await store_.account(id);
    if (!account && account.error().kind == ErrorKind::not_found) continue;
    if (!account) co_return pass(account);
    const std::string name = co_await queue_name(id);
    const auto outbox = (*account)->published()->outbox;
    auto it = from && id == *from ? outbox->upper_bound(after->entry) : outbox->begin();
    for (; it != outbox->end(); ++it) {
      entries.push_back(summary(fmt::format("{}/{}", name, it->first.value), *it->second));
      if (entries.size() == kPage) {
        const std::string next = fmt::format("{}/{}", to_hex(id), it->first.value);
        co_return Answer{{{"entries", std::move(entries)}, {"next", next}}};
      }
    }
  }
  co_return Answer{{{"entries", std::move(entries)}}};
}

async::Task<Result<Answer>> LocalAdmin::show_queued(Json request) {
  auto queued = co_await find_queued(text_of(request, "id"));
  if (!queued) co_return pass(queued);
  const OutboxEntry& entry = *queued->entry;
  Json said = summary(queued->id, entry);
  said["session"] = entry.session;
  said["envelope_id"] = entry.envid;
  said["smtputf8"] = entry.smtputf8;
  said["hold_until"] = entry.hold_until;
  json::array recipients;
  for (const OutboxRecipient& recipient : entry.recipients)
    recipients.push_back(to_json(recipient));
  said["recipients"] = std::move(recipients);
  co_return Answer{std::move(said)};
}

async::Task<Result<Answer>> LocalAdmin::retry_queued(Json request) {
  const std::int64_t now = store_.clock().now().seconds;
  const auto how = [now](OutboxEntry& entry) { std::ignore = relay::make_due(entry, now); };
  if (!flag_of(request, "all")) {
    auto queued = co_await find_queued(text_of(request, "id"));
    if (!queued) co_return pass(queued);
    Status done = co_await edit(administrator(queued->account), queued->entry->id, how);
    if (!done) co_return pass(done);
    co_return Answer{{{"changed", 1}}};
  }
  auto accounts = co_await store_.accounts_with_outbox();
  if (!accounts) co_return pass(accounts);
  std::size_t changed = 0;
  for (const AccountId& id : *accounts) {
    auto account = co_await store_.account(id);
    if (!account && account.error().kind == ErrorKind::not_found) continue;
    if (!account) co_return pass(account);
    const auto outbox = (*account)->published()->outbox;
    for (const auto& [number, entry] : *outbox) {
      Status done = co_await edit(administrator(*account), number, how);
      if (done) ++changed;
      if (!done && done.error().kind != ErrorKind::not_found) co_return pass(done);
    }
  }
  co_return Answer{{{"changed", changed}}};
}

async::Task<Result<Answer>> LocalAdmin::cancel_queued(Json request) {
  auto queued = co_await find_queued(text_of(request, "id"));
  if (!queued) co_return pass(queued);
  const bool report = flag_of(request, "report");
  const auto given = texts_of(request, "recipients");
  if (!given) co_return std::unexpected(given.error());
  const std::vector<std::string>& recipients = *given;
  if (report && !recipients.empty())
    co_return fail(ErrorKind::bad_argument, "a report is sent for all recipients or for none");
  const std::int64_t now = store_.clock().now().seconds;
  std::size_t changed = 0;
  Status done =
      co_await edit(administrator(queued->account), queued->entry->id, [&](OutboxEntry& entry) {
        changed = report ? relay::cancel_with_report(entry, now) : relay::cancel(entry, recipients);
      });
  if (!done) co_return pass(done);
  if (changed == 0) co_return fail(ErrorKind::not_found, "none of these recipients is waiting");
  co_return Answer{{{"changed", changed}}};
}

}  // namespace posthorn::admin
