#include "auth/authenticator.h"

// How somebody logs in as another user.
namespace posthorn::auth {

async::Task<Result<LoginName>> Authenticator::read_name(std::string prepared) {
  const std::string& separator = options_.master_separator;
  const std::size_t at = separator.empty() ? std::string::npos : prepared.rfind(separator);
  if (at == std::string::npos || at == 0 || at + separator.size() == prepared.size())
    co_return LoginName{std::move(prepared)};
  // The separator may also be part of a name.
  auto whole = co_await directory_.find(prepared);
  if (!whole) co_return pass(whole);
  if (*whole) co_return LoginName{std::move(prepared)};
  co_return LoginName{prepared.substr(at + separator.size()), prepared.substr(0, at)};
}

async::Task<Result<Identity>> Authenticator::conclude_as(LoginName name, LoginRecord record,
                                                         Source source,
                                                         std::uint64_t app_password) {
  auto found = co_await directory_.find(name.act_as);
  if (!found) co_return pass(found);
  const std::optional<LoginRecord>& other = *found;
  if (other && other->account == record.account)
    co_return co_await conclude(std::move(name.user), std::move(record), std::move(source),
                                app_password);
  const bool may = other && other->state == AccountState::active &&
                   record.state == AccountState::active && app_password == 0 && record.rules &&
                   record.rules->allows_acting_as(other->name, clock_.now().seconds);
  if (!may) {
    note_failure({name.user, &record, "not_authorized", std::nullopt}, source);
    co_return std::unexpected(error_of(Refusal::not_authorized));
  }
  throttle_.succeeded(record.name, source.peer);
  const auto admitted = co_await directory_.admit(*other);
  if (!admitted) co_return not_looked_up(source, name.user, admitted.error());
  Identity identity{admitted->account, admitted->name, admitted->version, 0,
                    Identity::Master{record.account, record.name, record.version}};
  if (other->rules) identity.without_capabilities = other->rules->without_for(0);
  log_.success(source, identity, other->name);
  co_return identity;
}

}  // namespace posthorn::auth
