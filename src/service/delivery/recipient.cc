#include "service/delivery/recipient.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "service/account_name.h"
#include "service/forwarding/outside.h"

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
  std::string name = lookup_name(address.local_part, address.domain);
  auto whole = co_await find(name);
  if (!whole) co_return pass(whole);
  if (*whole) co_return AddressOwner{std::move(*whole), {}, std::move(name)};
  const SubAddress parts = split_detail(address.local_part, separator);
  if (parts.detail) {
    std::string without = lookup_name(parts.user, address.domain);
    auto user = co_await find(without);
    if (!user) co_return pass(user);
    if (*user)
      co_return AddressOwner{std::move(*user), std::string(*parts.detail), std::move(without)};
  }
  if (address.domain.empty()) co_return AddressOwner{{}, {}, std::move(name)};
  std::string domain = lookup_name("", address.domain);
  auto rest = co_await find(domain);
  if (!rest) co_return pass(rest);
  if (*rest) name = std::move(domain);
  co_return AddressOwner{std::move(*rest), {}, std::move(name)};
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
  co_return AddressOwner{{}, {}, lookup_name(address.local_part, address.domain)};
}

namespace {

/// Collects what addresses lead to.
class Followed {
 public:
  /// `separator` must outlive this object.
  explicit Followed(std::string_view separator) : separator_(separator) {}

  void take(AddressOwner owner) {
    if (owner.entry->targets.empty()) {
      if (accounts_.insert(owner.entry->account).second) owners_.here.push_back(std::move(owner));
      return;
    }
    for (std::string& target : owner.entry->targets)
      add(std::move(target), normal_name(owner.name));
  }
  void add(std::string target, std::string alias) {
    waiting_.push_back({std::move(target), std::move(alias)});
  }
  /// Follows what was added, and what that leads to. `leads_back` is set to true if `alias` is
  /// among it.
  async::Task<Status> follow_all(const FindAddress& find, std::string_view alias,
                                 bool& leads_back) {
    while (!waiting_.empty()) {
      Target target = std::move(waiting_.back());
      waiting_.pop_back();
      std::string address(address_in(target.name));
      leads_back |= address == alias;
      if (!seen_.insert(target.name).second) continue;
      if (seen_.size() > store::AddressEntry::kMaxTargets)
        co_return fail(ErrorKind::limit, fmt::format("The address leads to more than {} others",
                                                     store::AddressEntry::kMaxTargets));
      // An address of another server may have become one of ours since the alias was made.
      auto owner = co_await find_owner(find, separator_, address_of(address));
      if (!owner) co_return pass(owner);
      leads_back |= normal_name(owner->name) == alias;
      if (owner->entry) {
        take(std::move(*owner));
      } else if (is_outside(target.name)) {
        owners_.outside.push_back({std::move(address), std::move(target.alias)});
      }
    }
    co_return Status();
  }
  Owners& owners() { return owners_; }

 private:
  struct Target {
    std::string name;
    std::string alias;  ///< Whose target it is.
  };
  const std::string_view separator_;
  Owners owners_;
  std::vector<Target> waiting_;
  std::set<std::string> seen_;
  std::set<AccountId> accounts_;
};

}  // namespace

async::Task<Result<Owners>> find_owners(const FindAddress& find, std::string_view separator,
                                        EnvelopeAddress address) {
  auto owner = co_await find_owner(find, separator, std::move(address));
  if (!owner) co_return pass(owner);
  if (!owner->entry) co_return Owners();
  Followed followed(separator);
  bool ignored = false;
  followed.take(std::move(*owner));
  if (Status done = co_await followed.follow_all(find, {}, ignored); !done) co_return pass(done);
  co_return std::move(followed.owners());
}

async::Task<Result<Owners>> follow_targets(const FindAddress& find, std::string_view separator,
                                           std::vector<std::string> targets, std::string_view alias,
                                           bool& leads_back) {
  Followed followed(separator);
  for (std::string& target : targets) followed.add(std::move(target), std::string(alias));
  if (Status done = co_await followed.follow_all(find, alias, leads_back); !done)
    co_return pass(done);
  co_return std::move(followed.owners());
}

namespace {

/// Opens an account, if it accepts so much. Errors: as find_destinations().
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

async::Task<Result<Destinations>> find_destinations(store::Store& store, const FindAddress& find,
                                                    std::string_view separator,
                                                    EnvelopeAddress address,
                                                    std::uint64_t announced) {
  const std::string written = address.written;
  auto owners = co_await find_owners(find, separator, std::move(address));
  if (!owners) co_return trouble("recipient", written, std::move(owners.error()));
  Destinations found;
  found.outside = std::move(owners->outside);
  Error refused{ErrorKind::not_found, "No such user here"};
  for (AddressOwner& owner : owners->here) {
    if (owner.entry->disabled) {
      refused = {ErrorKind::no_permission, "The mailbox does not accept mail"};
      continue;
    }
    // The size may not have been announced, and no message is empty.
    auto account = co_await open_with_room(store, owner.entry->account, written,
                                           std::max<std::uint64_t>(announced, 1));
    if (account) {
      found.here.push_back({written, std::move(owner.detail), std::move(*account)});
    } else if (is_final(account.error().kind)) {
      refused = std::move(account.error());
    } else {
      co_return pass(account);
    }
  }
  if (found.here.empty() && found.outside.empty()) co_return std::unexpected(std::move(refused));
  if (found.here.size() < owners->here.size())
    log::warning("recipient <{}>: {} of {} accounts accept no mail", written,
                 owners->here.size() - found.here.size(), owners->here.size());
  co_return found;
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
