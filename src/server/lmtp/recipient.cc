#include "server/lmtp/recipient.h"

#include "base/log.h"
#include "text/ascii.h"

namespace posthorn::server::lmtp {
namespace {

using wire::smtp::Address;
using wire::smtp::reply;

using Found = Result<std::optional<store::AddressEntry>>;

std::string lookup_name(std::string_view local_part, std::string_view domain) {
  std::string name(local_part);
  if (!domain.empty()) {
    name += '@';
    name += domain;
  }
  return name;
}

Refused refuse(std::uint16_t code, wire::smtp::EnhancedStatus status, std::string text) {
  return {reply(code, status, std::move(text))};
}

bool has_room(const store::AccountCounters& counters, std::uint64_t announced) {
  const std::uint64_t octets = std::max<std::uint64_t>(announced, 1);
  const store::Quota& quota = counters.quota;
  return (quota.max_bytes == 0 || counters.bytes + octets <= quota.max_bytes) &&
         (quota.max_messages == 0 || counters.messages < quota.max_messages);
}

struct Looked {
  std::optional<store::AddressEntry> entry;
  std::string detail;
};

async::Task<Result<Looked>> look_up(const LmtpContext& context, const LmtpOptions& options,
                                    const Address& address) {
  Found whole = co_await context.find_recipient(lookup_name(address.local_part, address.domain));
  if (!whole) co_return pass(whole);
  if (*whole || options.detail_separator.empty()) co_return Looked{*whole, {}};
  const wire::smtp::SubAddress parts =
      wire::smtp::split_detail(address.local_part, options.detail_separator.front());
  if (!parts.detail) co_return Looked{};
  Found user = co_await context.find_recipient(lookup_name(parts.user, address.domain));
  if (!user) co_return pass(user);
  co_return Looked{*user, std::string(*parts.detail)};
}

}  // namespace

wire::smtp::Reply reply_of(const Error& error) {
  switch (error.kind) {
    // RFC 3463 section 3.3: X.2.2 the mailbox is full, X.2.1 disabled, X.3.4 too big for the
    // system.
    case ErrorKind::over_quota: return reply(552, {5, 2, 2}, "The mailbox is full");
    case ErrorKind::too_big:
      return reply(552, {5, 3, 4}, "The message is larger than this server takes");
    case ErrorKind::not_found: return reply(550, {5, 1, 1}, "There is no such user here");
    case ErrorKind::no_permission: return reply(550, {5, 2, 1}, "The mailbox takes no mail");
    case ErrorKind::limit: return reply(452, {4, 2, 0}, "The mailbox can take no more messages");
    case ErrorKind::syntax: return reply(554, {5, 6, 0}, error.text);
    default: return reply(451, {4, 3, 0}, "This server is in trouble; please try again later");
  }
}

async::Task<std::expected<Recipient, Refused>> resolve(const LmtpContext& context,
                                                       const LmtpOptions& options, Address address,
                                                       std::uint64_t announced) {
  Result<Looked> looked = co_await look_up(context, options, address);
  const std::string name = wire::smtp::format_path(address);
  if (!looked) {
    log::error("recipient {}: {} ({})", name, looked.error().text, looked.error().cause);
    co_return std::unexpected(Refused{reply_of(looked.error())});
  }
  const auto unknown = refuse(550, {5, 1, 1}, name + " There is no such user here");
  if (!looked->entry) co_return std::unexpected(unknown);
  const AccountId id = looked->entry->account;
  Result<store::AccountProfile> profile = co_await context.store.profile(id);
  if (profile && profile->disabled)
    co_return std::unexpected(refuse(550, {5, 2, 1}, name + " The mailbox takes no mail"));
  Result<store::AccountPtr> account = fail(ErrorKind::unavailable, "");
  if (profile) account = co_await context.store.account(id);
  if (!profile || !account) {
    const Error& error = profile ? account.error() : profile.error();
    if (error.kind == ErrorKind::not_found) co_return std::unexpected(unknown);
    log::error("account of {}: {} ({})", name, error.text, error.cause);
    co_return std::unexpected(Refused{reply_of(error)});
  }
  if (!has_room((*account)->published()->counters, announced))
    co_return std::unexpected(refuse(552, {5, 2, 2}, name + " The mailbox is full"));
  co_return Recipient{wire::smtp::format_address(address), std::move(looked->detail),
                      std::move(*account)};
}

MailboxId choose_mailbox(const store::AccountState& state, std::string_view folder) {
  const store::MailboxPtr inbox = state.find("INBOX");
  const MailboxId fallback = inbox ? inbox->id : MailboxId();
  if (folder.empty()) return fallback;
  if (const store::MailboxPtr exact = state.find(folder)) return exact->id;
  for (const auto& [name, id] : *state.names)
    if (text::iequals(name, folder)) return id;
  return fallback;
}

}  // namespace posthorn::server::lmtp
