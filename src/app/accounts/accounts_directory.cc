#include <algorithm>
#include <chrono>

#include "app/accounts/accounts.h"
#include "auth/credentials.h"
#include "base/log.h"
#include "service/quota.h"

// Users of directories: how they log in, and how they get their accounts.
namespace posthorn::app {

using async::Task;
using directory::Age;
using directory::Source;

namespace {

/// What is behind the record of a user of a directory.
struct Person final : auth::Outside {
  Source* source = nullptr;
  directory::EntryPtr entry;
};

const Person* person_of(const auth::LoginRecord& record) {
  // Only this file makes them.
  return static_cast<const Person*>(record.outside.get());
}

}  // namespace

void Accounts::add_person(const Found& found, auth::LoginRecord& record) {
  auto person = std::make_shared<Person>();
  person->source = found.source;
  person->entry = found.person;
  const directory::Password& password = found.person->password;
  person->checks_password = std::holds_alternative<directory::CheckedThere>(password) ||
                            std::holds_alternative<auth::Secret>(password);
  person->remember_for = found.source->options().cache_time;
  if (const auto* const keys = std::get_if<auth::ScramKeys>(&password)) record.keys = *keys;
  if (const auto* const hash = std::get_if<auth::ForeignHash>(&password)) record.hash = *hash;
  record.name = found.person->name;
  if (!found.person->enabled) record.state = auth::AccountState::disabled;
  record.outside = std::move(person);
}

Task<Result<Accounts::Record>> Accounts::find_recent(std::string login) {
  if (!has_directories()) co_return std::nullopt;
  auto found = co_await find_first(std::move(login), Age::remembered, AccountFinder::What::users);
  if (!found && found.error().kind == ErrorKind::would_block) co_return std::nullopt;
  if (!found) co_return pass(found);
  if (!*found || !(*found)->person) co_return std::nullopt;
  co_return co_await record_of(std::move(**found));
}

Task<Result<bool>> Accounts::verify(auth::LoginRecord record,
                                    std::shared_ptr<const auth::Secret> password) {
  const Person* const person = person_of(record);
  co_return co_await person->source->verify(person->entry, std::move(password));
}

Task<bool> Accounts::take_as_long(std::string login) {
  for (const std::string& name : candidates(login)) {
    for (const auto& source : chain_.sources) {
      if (!source->options().checks_passwords) continue;
      const auto asked = co_await finder_.is_asked(source.get(), name);
      if (!asked || !*asked) continue;
      co_await source->take_as_long();
      co_return true;
    }
  }
  co_return false;
}

std::optional<auth::ForeignHash> Accounts::decoy_for(std::string_view login) const {
  const std::string name = whole_name(login);
  for (const auto& source : chain_.sources) {
    const auto& domains = source->options().domains;
    const auto is_in = [&name](const std::string& domain) { return name.ends_with("@" + domain); };
    if (!domains.empty() && std::ranges::none_of(domains, is_in)) continue;
    if (auto hash = source->some_hash()) return hash;
  }
  return std::nullopt;
}

Task<Result<AccountId>> Accounts::make_account(const Found& found) {
  const std::string name = found.person->name;
  store::Quota quota = store_.policy().default_quota;
  if (found.person->quota) quota.max_bytes = *found.person->quota;
  const std::string& directory = found.source->options().name;
  auto made = co_await store_.create_account(
      name, auth::encode_credentials({.directory = directory}), quota);
  if (made) {
    log::info("account {} was created for a user of the directory {}", name, directory);
    co_return *made;
  }
  if (made.error().kind == ErrorKind::already_exists) {
    // Two connections may need it at the same time.
    auto entry = co_await store_.find_address(name);
    if (!entry) co_return pass(entry);
    if (*entry && !(*entry)->alias) co_return (*entry)->account;
  }
  log::error("directory {}: an account for {} cannot be created: {} ({})", directory,
             found.person->handle, made.error().text, made.error().cause);
  co_return fail(ErrorKind::unavailable,
                 "The account cannot be created at the moment; please try again later",
                 made.error().text);
}

Task<Result<auth::LoginRecord>> Accounts::admit(auth::LoginRecord record) {
  if (!record.outside) co_return std::move(record);
  const Person* const person = person_of(record);
  if (record.account == AccountId{}) {
    auto made =
        co_await make_account({.entry = {}, .source = person->source, .person = person->entry});
    if (!made) co_return pass(made);
    auto profile = co_await store_.profile(*made);
    if (!profile) co_return pass(profile);
    record.account = *made;
    record.name = profile->name;
    record.version = profile->version;
    co_return std::move(record);
  }
  co_await take_over(record.account, person->entry);
  co_return std::move(record);
}

/// Gives the account the quota that the directory says.
Task<void> Accounts::take_over(AccountId id, directory::EntryPtr person) {
  if (!person->quota) co_return;
  auto account = co_await store_.account(id);
  Status set = account ? Status() : std::unexpected(account.error());
  if (set) set = co_await service::set_storage_quota(*account, *person->quota);
  if (!set)
    log::error("account {}: the quota of the directory was not set: {} ({})", person->name,
               set.error().text, set.error().cause);
}

Task<Result<Accounts::Entry>> Accounts::entry_of(Found found) {
  if (!found.targets.empty()) co_return co_await entry_of_alias(std::move(found));
  if (!found.person) co_return std::move(found.entry);
  if (found.entry) {
    found.entry->disabled = !found.person->enabled;
    co_await take_over(found.entry->account, found.person);
    co_return std::move(found.entry);
  }
  // Whether there is such a user is seen when he logs in.
  if (!found.source->options().knows_users) co_return std::nullopt;
  if (!found.person->enabled) co_return store::AddressEntry{.account = {}, .disabled = true};
  auto made = co_await make_account(found);
  if (!made) co_return pass(made);
  co_return store::AddressEntry{.account = *made};
}

Task<Result<Accounts::Entry>> Accounts::entry_of_alias(Found alias) {
  if (alias.targets.size() > store::AddressEntry::kMaxTargets)
    alias.targets.resize(store::AddressEntry::kMaxTargets);
  for (std::string& target : alias.targets) target = whole_name(target);
  if (alias.targets.size() == 1 && !alias.targets.front().starts_with('@')) {
    // Whoever is the only one to have an address may send from it.
    auto owner =
        co_await find_first(alias.targets.front(), Age::recent, AccountFinder::What::users);
    if (!owner) co_return pass(owner);
    if (*owner && ((*owner)->person || ((*owner)->entry && !(*owner)->entry->alias))) {
      auto entry = co_await entry_of(std::move(**owner));
      if (!entry) co_return entry;
      if (*entry) {
        (*entry)->alias = true;
        co_return entry;
      }
    }
  }
  co_return store::AddressEntry{.account = {}, .alias = true, .targets = std::move(alias.targets)};
}

/// Nobody knows the name. If it had an account, its user is gone.
Task<void> Accounts::note_lost(std::string login) {
  if (!options_.on_lost) co_return;
  for (const std::string& name : candidates(login)) {
    const auto entry = co_await store_.find_address(name);
    if (!entry || !*entry || (*entry)->alias) continue;
    const auto profile = co_await store_.profile((*entry)->account);
    if (!profile || directory_of(*profile).empty()) continue;
    groups_->forget(profile->name);
    options_.on_lost((*entry)->account);
  }
}

Task<void> Accounts::look_again(std::string name) {
  auto found = co_await find_first(name, Age::recent, AccountFinder::What::users);
  // It has been logged.
  if (!found) co_return;
  if (!*found) co_return co_await note_lost(std::move(name));
  const Found& whose = **found;
  if (whose.person && !whose.person->enabled && whose.entry && options_.on_lost)
    options_.on_lost(whose.entry->account);
}

std::chrono::seconds Accounts::look_again_after() const {
  constexpr std::chrono::seconds kMost{60};
  constexpr std::chrono::seconds kLeast{10};
  std::chrono::seconds time = kMost;
  // A time of 0 says that nothing is remembered, not that it matters at once.
  for (const auto& source : chain_.sources)
    if (const auto its = source->options().cache_time; its.count() != 0) time = std::min(time, its);
  return std::max(time, kLeast);
}

Task<Result<std::optional<AccountId>>> Accounts::forget(std::string name) {
  if (!has_directories())
    co_return fail(
        ErrorKind::bad_argument,
        "there is nothing to forget: 'directories' names only the server's own accounts");
  std::optional<AccountId> account;
  for (const std::string& candidate : candidates(name)) {
    for (const auto& source : chain_.sources) source->forget(candidate);
    const auto entry = co_await store_.find_address(candidate);
    if (!entry) co_return std::unexpected(entry.error());
    if (*entry && (*entry)->targets.empty()) account = (*entry)->account;
  }
  // Ends sessions if that is due.
  auto record = co_await find(std::move(name));
  if (!record) co_return pass(record);
  co_return account;
}

}  // namespace posthorn::app
