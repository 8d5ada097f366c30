#include "app/accounts/account_finder.h"

#include <algorithm>

#include "auth/credentials.h"
#include "base/log.h"

namespace posthorn::app {

using async::Task;
using directory::Age;
using directory::EntryPtr;
using directory::Source;

namespace {

std::string_view domain_of(std::string_view name) {
  const std::size_t at = name.rfind('@');
  return at == std::string_view::npos ? std::string_view() : name.substr(at + 1);
}

std::unexpected<Error> contradiction(const Source& source, std::string what) {
  log::error("directory {}: {}", source.options().name, what);
  return fail(ErrorKind::unavailable,
              "The account cannot be looked up at the moment; please try again later",
              std::move(what));
}

}  // namespace

std::string directory_of(const store::AccountProfile& profile) {
  if (profile.credentials.empty()) return {};
  auto credentials = auth::decode_credentials(profile.credentials);
  // What cannot be read is told where it is used.
  return credentials ? std::move(credentials->directory) : std::string();
}

bool AccountFinder::lists(const Source& source, std::string_view domain) const {
  const auto server = domains_.load();
  const auto& domains = source.options().domains.empty() ? *server : source.options().domains;
  // A name without a domain is whole only if there are no domains.
  if (domain.empty()) return domains.empty();
  return std::ranges::find(domains, domain) != domains.end();
}

Task<Result<bool>> AccountFinder::is_asked(Source* source, std::string name) {
  std::string domain(domain_of(name));
  if (lists(*source, domain)) co_return true;
  if (domain.empty() || !source->options().has_domains) co_return false;
  co_return co_await source->has_domain(std::move(domain));
}

Task<Result<bool>> AccountFinder::has_domain(std::string domain) {
  for (const auto& source : chain_.sources) {
    auto known = co_await is_asked(source.get(), "@" + domain);
    if (!known || *known) co_return known;
  }
  co_return false;
}

Task<Result<std::optional<Found>>> AccountFinder::look_in_store(std::string name, Age age) {
  auto entry = co_await store_.find_address(name);
  if (!entry) co_return pass(entry);
  if (!*entry) co_return std::nullopt;
  // Without directories, all accounts are the store's own.
  if (chain_.sources.empty() || !(*entry)->targets.empty())
    co_return Found{std::move(*entry), nullptr, {}, {}};
  auto profile = co_await store_.profile((*entry)->account);
  if (!profile && profile.error().kind == ErrorKind::not_found) co_return std::nullopt;
  if (!profile) co_return pass(profile);
  if (directory_of(*profile).empty()) co_return Found{std::move(*entry), nullptr, {}, {}};
  // A directory says whether there is such a user.
  if (!(*entry)->alias) co_return std::nullopt;
  auto owner = co_await look(profile->name, age, What::users, Names::are_checked);
  if (owner && *owner && (*owner)->entry) (*owner)->entry->alias = true;
  co_return owner;
}

Task<Result<std::optional<Found>>> AccountFinder::look(std::string name, Age age, What what,
                                                       Names names) {
  const std::size_t count = chain_.sources.size();
  for (std::size_t i = 0; i <= count; ++i) {
    if (chain_.internal_at == i) {
      auto own = co_await look_in_store(name, age);
      if (!own || *own) co_return own;
    }
    if (i == count) break;
    Source* const source = chain_.sources[i].get();
    const auto asked = co_await is_asked(source, name);
    if (!asked) co_return std::unexpected(asked.error());
    if (!*asked) continue;
    auto person = co_await source->find_user(name, age);
    if (!person) co_return pass(person);
    if (*person) {
      if ((*person)->name != name) {
        if (names == Names::must_match)
          co_return contradiction(*source, fmt::format("the entry {} has the name {}, and is found "
                                                       "as {}",
                                                       (*person)->handle, (*person)->name, name));
        if (Status same = co_await check_name(source, *person, name, age); !same)
          co_return pass(same);
      }
      auto entry = co_await store_.find_address((*person)->name);
      if (!entry) co_return pass(entry);
      if (*entry && (*entry)->alias)
        co_return contradiction(*source, fmt::format("the entry {} has the name {}, which is an "
                                                     "alias here",
                                                     (*person)->handle, (*person)->name));
      co_return Found{std::move(*entry), source, std::move(*person), {}};
    }
    if (what != What::users_and_aliases || !source->options().has_aliases) continue;
    auto targets = co_await source->find_alias(name, age);
    if (!targets) co_return pass(targets);
    if (!targets->empty()) co_return Found{{}, source, {}, std::move(*targets)};
  }
  co_return std::nullopt;
}

/// Somebody who is found by an alias or a short name gets the mail and the account of the name in
/// his entry. If another one has that name as well, neither may have the other's.
Task<Status> AccountFinder::check_name(Source* source, EntryPtr person, std::string asked,
                                       Age age) {
  auto owner = co_await look(person->name, age, What::users, Names::must_match);
  if (!owner) co_return pass(owner);
  if (*owner && (*owner)->source == source && (*owner)->person->handle == person->handle)
    co_return Status();
  co_return contradiction(
      *source,
      fmt::format("the entry {}, found as {}, has the name {}, which {}", person->handle, asked,
                  person->name, *owner ? "belongs to another account" : "finds nobody"));
}

Task<Result<std::optional<Found>>> AccountFinder::find(std::string name, Age age, What what) {
  co_return co_await look(std::move(name), age, what, Names::are_checked);
}

}  // namespace posthorn::app
