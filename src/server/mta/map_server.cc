#include "server/mta/map_server.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "server/frame/session_log.h"
#include "service/account_name.h"
#include "wire/mta/socketmap.h"
#include "wire/smtp/address.h"

namespace posthorn::server::mta {

namespace wm = wire::mta;
using async::Task;
using wire::smtp::Address;
using wire::smtp::BareNames;

namespace {

constexpr std::string_view kName = "map_socket";

/// The value of a key; none if the map does not have it.
using Found = Result<std::optional<std::string>>;

/// Answers single look-ups.
class Maps {
 public:
  Maps(const MtaContext& context, const MtaOptions& options, const net::Stream& stream)
      : context_(context), options_(options), stream_(stream) {}

  /// Returns the reply to a look-up.
  Task<std::string> operator()(wm::MapRequest request);
  static std::string malformed() {
    return wm::format_map_reply(wm::MapOutcome::permanent, "The request cannot be understood");
  }

 private:
  [[nodiscard]] std::string reply_to(const wm::MapRequest& request, const Found& found) const;
  /// Errors: not_supported (there is no such map); those of the store.
  Task<Found> look_up(wm::MapRequest request) {
    for (const auto& [name, map] : kMaps)
      if (request.map == name) return (this->*map)(std::move(request.key));
    return unknown();
  }

  using Map = Task<Found> (Maps::*)(std::string);
  static const std::array<std::pair<std::string_view, Map>, 5> kMaps;

  static Task<Found> unknown() {
    co_return fail(ErrorKind::not_supported,
                   "The maps are domains, mailboxes, aliases, senders and transports");
  }

  /// An address as a key; none if it is not one, or one of a whole domain, for which Postfix asks
  /// too.
  static std::optional<service::EnvelopeAddress> address_of(const std::string& key) {
    const auto address = wire::smtp::parse_address(key, BareNames::any);
    if (!address || address->local_part.empty()) return std::nullopt;
    return service::EnvelopeAddress{address->local_part, address->domain,
                                    wire::smtp::format_address(*address)};
  }

  /// Where an address leads to, with or without a detail.
  Task<Result<service::AddressOwner>> owner_of(std::string key) {
    auto address = address_of(key);
    if (!address) co_return service::AddressOwner{};
    co_return co_await service::find_owner(context_.find_address, options_.detail_separator,
                                           std::move(*address));
  }

  Task<Result<std::string>> name_of(AccountId account) {
    auto profile = co_await context_.store.profile(account);
    if (!profile) co_return pass(profile);
    co_return std::move(profile->name);
  }

  Task<Found> domains(std::string key) {
    auto ours = co_await context_.is_our_domain(service::normal_name(key));
    if (!ours) co_return pass(ours);
    if (!*ours) co_return std::nullopt;
    co_return std::move(key);
  }

  /// The name of the account that an address leads to. The address itself, if it leads to several,
  /// or is a return path that leads back to the sender of a forwarded message.
  Task<Found> mailboxes(std::string key) {
    if (const auto address = address_of(key); address && service::is_srs(address->local_part)) {
      if (!context_.forwarder.leads_back(*address)) co_return std::nullopt;
      co_return std::move(key);
    }
    auto owner = co_await owner_of(key);
    if (!owner) co_return pass(owner);
    if (!owner->entry) co_return std::nullopt;
    // Whoever accepts no mail may have no account; the policy socket says so.
    if (!owner->entry->targets.empty() || owner->entry->disabled) co_return std::move(key);
    co_return co_await found_name(owner->entry->account);
  }

  /// The account that owns an address, and of a team also those that may send as it; what leads to
  /// several is nobody's.
  Task<Found> senders(std::string key) {
    auto owner = co_await owner_of(std::move(key));
    if (!owner) co_return pass(owner);
    if (!owner->entry || !owner->entry->targets.empty() || owner->entry->disabled)
      co_return std::nullopt;
    auto profile = co_await context_.store.profile(owner->entry->account);
    if (!profile) co_return pass(profile);
    if (!profile->team) co_return std::move(profile->name);
    co_return co_await members_of(owner->entry->account, std::move(profile->name));
  }

  /// The team itself comes first: an address without an owner could be used by everybody.
  Task<Found> members_of(AccountId team, std::string names) {
    auto account = co_await context_.store.account(team);
    if (!account) co_return pass(account);
    const std::optional<store::Team> known = (*account)->published()->sending->team;
    if (!known) co_return std::move(names);
    for (const store::TeamMember& member : known->members) {
      if (member.sending != store::TeamSending::as_team) continue;
      auto name = co_await name_of(member.account);
      if (!name && name.error().kind == ErrorKind::not_found) continue;
      if (!name) co_return pass(name);
      names += ", ";
      names += *name;
    }
    co_return std::move(names);
  }

  Task<Found> found_name(AccountId account) {
    auto name = co_await name_of(account);
    if (!name) co_return pass(name);
    co_return std::move(*name);
  }

  Task<Found> aliases(std::string key) {
    auto owner = co_await owner_of(key);
    if (!owner) co_return pass(owner);
    if (!owner->entry || !owner->entry->alias) co_return std::nullopt;
    if (!owner->entry->targets.empty()) co_return co_await members(std::move(key));
    if (owner->entry->disabled) co_return std::nullopt;
    auto name = co_await name_of(owner->entry->account);
    if (!name) co_return pass(name);
    const std::size_t at = name->rfind('@');
    if (at == std::string::npos) co_return std::nullopt;
    // The detail names a folder of the account.
    if (!owner->detail.empty()) name->insert(at, options_.detail_separator + owner->detail);
    co_return std::move(*name);
  }

  /// All accounts that an address leads to; none if it also leads to other servers.
  Task<Found> members(std::string key) {
    auto address = address_of(key);
    if (!address) co_return std::nullopt;
    auto owners = co_await service::find_owners(context_.find_address, options_.detail_separator,
                                                std::move(*address));
    if (!owners) co_return pass(owners);
    // Only this server rewrites the return path of what goes to other servers, so it has to get the
    // message under the name of the alias.
    if (!owners->outside.empty()) co_return std::nullopt;
    std::string names;
    for (const service::AddressOwner& owner : owners->here) {
      if (owner.entry->disabled) continue;
      auto name = co_await name_of(owner.entry->account);
      if (!name) co_return pass(name);
      if (!name->contains('@')) continue;
      if (!names.empty()) names += ", ";
      names += *name;
    }
    if (names.empty()) co_return std::nullopt;
    co_return std::move(names);
  }

  Task<Found> transports(std::string key) {
    if (options_.transport.empty()) co_return std::nullopt;
    auto ours =
        co_await context_.is_our_domain(service::normal_name(key.substr(key.rfind('@') + 1)));
    if (!ours) co_return pass(ours);
    if (!*ours) co_return std::nullopt;
    co_return options_.transport;
  }

  const MtaContext& context_;
  const MtaOptions& options_;
  const net::Stream& stream_;
};

const std::array<std::pair<std::string_view, Maps::Map>, 5> Maps::kMaps = {{
    {"domains", &Maps::domains},
    {"mailboxes", &Maps::mailboxes},
    {"aliases", &Maps::aliases},
    {"senders", &Maps::senders},
    {"transports", &Maps::transports},
}};

std::string Maps::reply_to(const wm::MapRequest& request, const Found& found) const {
  if (found)
    return wm::format_map_reply(*found ? wm::MapOutcome::found : wm::MapOutcome::not_found,
                                found->value_or(""));
  const Error& error = found.error();
  if (error.kind == ErrorKind::not_supported)
    return wm::format_map_reply(wm::MapOutcome::permanent, error.text);
  frame::about("a request failed", kName, stream_)
      .said("map", request.map)
      .said("key", request.key)
      .failure(error)
      .write(log::Level::error);
  return wm::format_map_reply(wm::MapOutcome::temporary, "The directory cannot be read");
}

Task<std::string> Maps::operator()(wm::MapRequest request) {
  const Found found = co_await look_up(request);
  co_return reply_to(request, found);
}

}  // namespace

MapServer::MapServer(const MtaContext& context, MtaOptions options)
    : Endpoint(kName, {"request"}, std::move(options)), context_(context) {}

Task<void> MapServer::serve(frame::Accepted<MtaOptions> client) {
  const MtaOptions& options = *client.options;
  frame::Conversation talk(client.stream, options.idle_time, options.write_time);
  Maps maps(context_, options, client.stream);
  const Status ended = co_await answer_each<wm::MapRequests>(talk, client.meter, maps);
  if (!ended) note_end(kName, client.stream, ended.error());
}

}  // namespace posthorn::server::mta
