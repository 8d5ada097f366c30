#include "service/delivery/recipient.h"

#include "base/log.h"

namespace posthorn::service {
namespace {

std::string lookup_name(std::string_view local_part, std::string_view domain) {
  std::string name(local_part);
  if (!domain.empty()) {
    name += '@';
    name += domain;
  }
  return name;
}

std::unexpected<Error> trouble(std::string_view what, const std::string& address, Error error) {
  log::error("{} <{}>: {} ({})", what, address, error.text, error.cause);
  return std::unexpected(std::move(error));
}

async::Task<Result<store::AccountPtr>> open_for_delivery(store::Store& store, const AccountId& id) {
  auto profile = co_await store.profile(id);
  if (!profile) co_return pass(profile);
  if (profile->disabled)
    co_return fail(ErrorKind::no_permission, "The mailbox does not accept mail");
  co_return co_await store.account(id);
}

}  // namespace

SubAddress split_detail(std::string_view local_part, std::string_view separator) {
  const std::size_t at =
      separator.empty() ? std::string_view::npos : local_part.find(separator.front());
  if (at == std::string_view::npos || at == 0) return {local_part, std::nullopt};
  return {local_part.substr(0, at), local_part.substr(at + 1)};
}

async::Task<Result<AddressOwner>> find_owner(const FindAddress& find, std::string_view separator,
                                             const EnvelopeAddress& address) {
  auto whole = co_await find(lookup_name(address.local_part, address.domain));
  if (!whole) co_return pass(whole);
  if (*whole) co_return AddressOwner{*whole, {}};
  const SubAddress parts = split_detail(address.local_part, separator);
  if (parts.detail) {
    auto user = co_await find(lookup_name(parts.user, address.domain));
    if (!user) co_return pass(user);
    if (*user) co_return AddressOwner{*user, std::string(*parts.detail)};
  }
  if (address.domain.empty()) co_return AddressOwner{};
  auto rest = co_await find(lookup_name("", address.domain));
  if (!rest) co_return pass(rest);
  co_return AddressOwner{*rest, {}};
}

async::Task<Result<Recipient>> resolve(store::Store& store, const FindAddress& find,
                                       std::string_view separator, EnvelopeAddress address,
                                       std::uint64_t announced) {
  auto owner = co_await find_owner(find, separator, address);
  if (!owner) co_return trouble("recipient", address.written, std::move(owner.error()));
  if (!owner->entry) co_return fail(ErrorKind::not_found, "No such user here");
  auto account = co_await open_for_delivery(store, owner->entry->account);
  if (!account) {
    const ErrorKind kind = account.error().kind;
    if (kind == ErrorKind::not_found) co_return fail(kind, "No such user here");
    if (kind == ErrorKind::no_permission) co_return pass(account);
    co_return trouble("account of", address.written, std::move(account.error()));
  }
  // The size may not have been announced, and no message is empty.
  const std::uint64_t octets = std::max<std::uint64_t>(announced, 1);
  if (!(*account)->published()->counters.has_room(octets, 1))
    co_return fail(ErrorKind::over_quota, "The mailbox is full");
  co_return Recipient{std::move(address.written), std::move(owner->detail), std::move(*account)};
}

}  // namespace posthorn::service
