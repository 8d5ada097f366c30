#include "service/delivery/recipient.h"

#include <algorithm>
#include <set>

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

namespace {

/// Looks an address up in its own domain.
async::Task<Result<AddressOwner>> find_in_domain(const FindAddress& find,
                                                 std::string_view separator,
                                                 const EnvelopeAddress& address) {
  auto whole = co_await find(lookup_name(address.local_part, address.domain));
  if (!whole) co_return pass(whole);
  if (*whole) co_return AddressOwner{std::move(*whole), {}};
  const SubAddress parts = split_detail(address.local_part, separator);
  if (parts.detail) {
    auto user = co_await find(lookup_name(parts.user, address.domain));
    if (!user) co_return pass(user);
    if (*user) co_return AddressOwner{std::move(*user), std::string(*parts.detail)};
  }
  if (address.domain.empty()) co_return AddressOwner{};
  auto rest = co_await find(lookup_name("", address.domain));
  if (!rest) co_return pass(rest);
  co_return AddressOwner{std::move(*rest), {}};
}

/// Splits a target, which is a whole name.
EnvelopeAddress address_of(std::string_view target) {
  const std::size_t at = target.rfind('@');
  if (at == std::string_view::npos) return {std::string(target), {}, std::string(target)};
  return {std::string(target.substr(0, at)), std::string(target.substr(at + 1)),
          std::string(target)};
}

bool is_domain_alias(const AddressOwner& owner) {
  return owner.entry && owner.entry->targets.size() == 1 &&
         owner.entry->targets.front().starts_with('@');
}

}  // namespace

async::Task<Result<AddressOwner>> find_owner(const FindAddress& find, std::string_view separator,
                                             EnvelopeAddress address) {
  constexpr int kMostDomains = 5;
  for (int i = 0; i < kMostDomains; ++i) {
    auto owner = co_await find_in_domain(find, separator, address);
    if (!owner || !is_domain_alias(*owner)) co_return owner;
    address.domain = owner->entry->targets.front().substr(1);
  }
  // Only a loop is as long.
  co_return AddressOwner{};
}

async::Task<Result<std::vector<AddressOwner>>> find_owners(const FindAddress& find,
                                                           std::string_view separator,
                                                           EnvelopeAddress address) {
  auto owner = co_await find_owner(find, separator, std::move(address));
  if (!owner) co_return pass(owner);
  std::vector<AddressOwner> owners;
  if (!owner->entry) co_return owners;
  if (!owner->entry->targets.empty()) {
    bool ignored = false;
    co_return co_await follow_targets(find, separator, std::move(owner->entry->targets), {},
                                      ignored);
  }
  owners.push_back(std::move(*owner));
  co_return owners;
}

async::Task<Result<std::vector<AddressOwner>>> follow_targets(const FindAddress& find,
                                                              std::string_view separator,
                                                              std::vector<std::string> targets,
                                                              std::string_view alias,
                                                              bool& leads_back) {
  std::vector<AddressOwner> owners;
  std::set<std::string> seen;
  std::set<AccountId> accounts;
  while (!targets.empty()) {
    std::string target = std::move(targets.back());
    targets.pop_back();
    leads_back |= target == alias;
    if (!seen.insert(target).second) continue;
    if (seen.size() > store::AddressEntry::kMaxTargets)
      co_return fail(ErrorKind::limit, fmt::format("The address leads to more than {} others",
                                                   store::AddressEntry::kMaxTargets));
    auto owner = co_await find_owner(find, separator, address_of(target));
    if (!owner) co_return pass(owner);
    if (!owner->entry) continue;
    for (std::string& further : owner->entry->targets) targets.push_back(std::move(further));
    if (owner->entry->targets.empty() && accounts.insert(owner->entry->account).second)
      owners.push_back(std::move(*owner));
  }
  co_return owners;
}

namespace {

/// Opens an account, if it accepts so much. Errors: as find_recipients().
async::Task<Result<store::AccountPtr>> open_with_room(store::Store& store, AccountId id,
                                                      const std::string& address,
                                                      std::uint64_t octets) {
  auto account = co_await open_for_delivery(store, id);
  if (!account) {
    const ErrorKind kind = account.error().kind;
    if (kind == ErrorKind::not_found) co_return fail(kind, "No such user here");
    if (kind == ErrorKind::no_permission) co_return pass(account);
    co_return trouble("account of", address, std::move(account.error()));
  }
  if (!(*account)->published()->counters.has_room(octets, 1))
    co_return fail(ErrorKind::over_quota, "The mailbox is full");
  co_return account;
}

bool is_final(ErrorKind kind) {
  return kind == ErrorKind::not_found || kind == ErrorKind::no_permission ||
         kind == ErrorKind::over_quota || kind == ErrorKind::too_big;
}

}  // namespace

async::Task<Result<std::vector<Recipient>>> find_recipients(store::Store& store,
                                                            const FindAddress& find,
                                                            std::string_view separator,
                                                            EnvelopeAddress address,
                                                            std::uint64_t announced) {
  const std::string written = address.written;
  auto owners = co_await find_owners(find, separator, std::move(address));
  if (!owners) co_return trouble("recipient", written, std::move(owners.error()));
  std::vector<Recipient> recipients;
  Error refused{ErrorKind::not_found, "No such user here"};
  for (AddressOwner& owner : *owners) {
    if (owner.entry->disabled) {
      refused = {ErrorKind::no_permission, "The mailbox does not accept mail"};
      continue;
    }
    // The size may not have been announced, and no message is empty.
    auto account = co_await open_with_room(store, owner.entry->account, written,
                                           std::max<std::uint64_t>(announced, 1));
    if (account) {
      recipients.push_back({written, std::move(owner.detail), std::move(*account)});
    } else if (is_final(account.error().kind)) {
      refused = std::move(account.error());
    } else {
      co_return pass(account);
    }
  }
  if (recipients.empty()) co_return std::unexpected(std::move(refused));
  if (recipients.size() < owners->size())
    log::warning("recipient <{}>: {} of {} accounts accept no mail", written,
                 owners->size() - recipients.size(), owners->size());
  co_return recipients;
}

Status sum_up(std::span<const Status> outcomes) {
  const Status* first = nullptr;
  bool any = false;
  for (const Status& outcome : outcomes) {
    any |= outcome.has_value();
    if (outcome) continue;
    if (!is_final(outcome.error().kind)) return outcome;
    if (first == nullptr) first = &outcome;
  }
  return any || first == nullptr ? Status() : *first;
}

}  // namespace posthorn::service
