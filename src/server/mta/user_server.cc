#include "server/mta/user_server.h"

#include <unistd.h>

#include <utility>
#include <variant>

#include "server/frame/session_log.h"
#include "service/account_name.h"
#include "store/low_space.h"
#include "wire/lex/lf_lines.h"
#include "wire/mta/auth_protocol.h"
#include "wire/smtp/address.h"

namespace posthorn::server::mta {

namespace wm = wire::mta;
using async::Task;

namespace {

constexpr std::string_view kName = "user_socket";

/// Returns the name of the account that takes mail for a user; empty if there is none. Errors:
/// those of the store.
Task<Result<std::string>> find(const MtaContext& context, const MtaOptions& options,
                               std::string name) {
  const auto address = wire::smtp::parse_address(name, wire::smtp::BareNames::any);
  if (!address || address->local_part.empty()) co_return std::string();
  service::EnvelopeAddress parts{address->local_part, address->domain,
                                 wire::smtp::format_address(*address)};
  // A return path that leads back to the sender of a forwarded message.
  if (service::is_srs(parts.local_part))
    co_return context.forwarder.leads_back(parts) ? name : std::string();
  auto owner = co_await service::find_owner(context.find_address, options.detail_separator,
                                            std::move(parts));
  if (!owner) co_return pass(owner);
  if (!owner->entry) co_return std::string();
  if (!owner->entry->targets.empty()) co_return name;
  if (owner->entry->disabled) co_return std::string();
  auto profile = co_await context.store.profile(owner->entry->account);
  if (!profile) co_return pass(profile);
  co_return profile->disabled ? std::string() : profile->name;
}

/// Judges whether mail for somebody who exists would be taken now. Errors: what is in the way; also
/// what Forwarder::find() logs.
Task<Status> may_receive(const MtaContext& context, const MtaOptions& options, std::string name) {
  if (const Status room = store::may_take_new_mail(context.store); !room) co_return room;
  const auto address = wire::smtp::parse_address(name, wire::smtp::BareNames::any);
  if (!address) co_return Status();
  // The protocol does not tell the size of the message.
  auto found = co_await context.forwarder.find(
      context.find_address, options.detail_separator,
      {address->local_part, address->domain, wire::smtp::format_address(*address)}, 0);
  if (!found) co_return std::unexpected(found.error());
  co_return context.forwarder.judge(found->outside);
}

Task<std::string> answer(const MtaContext& context, const MtaOptions& options,
                         const net::Stream& stream, wm::UserQuery query) {
  auto name = co_await find(context, options, query.name);
  if (!name) {
    frame::log_trouble(kName, stream, {}, name.error());
    co_return wm::format_user_failure(query.id, "The directory cannot be read");
  }
  if (name->empty()) co_return wm::format_user_unknown(query.id);
  // There is no answer for "exists, and takes no mail" but this one, after which the mail server
  // refuses the recipient for the time being.
  if (const Status may = co_await may_receive(context, options, std::move(query.name)); !may)
    co_return wm::format_user_failure(query.id, may.error().text);
  co_return wm::format_user_found(query.id, *name);
}

Task<Status> converse(frame::Conversation& talk, const MtaContext& context,
                      const MtaOptions& options) {
  wire::lex::LfLines lines(wm::kMaxAuthLine);
  talk.say(wm::format_user_greeting(static_cast<std::uint64_t>(::getpid())));
  while (true) {
    if (auto line = lines.take(talk.input())) {
      auto command = wm::parse_user_command(*line);
      if (!command) co_return pass(command);
      if (auto* const query = std::get_if<wm::UserQuery>(&*command))
        talk.say(co_await answer(context, options, talk.stream(), std::move(*query)));
      continue;
    }
    if (lines.too_long()) co_return fail(ErrorKind::syntax, "a line is too long");
    if (Status received = co_await talk.receive(); !received) co_return received;
  }
}

}  // namespace

UserServer::UserServer(const MtaContext& context, MtaOptions options)
    : Endpoint(kName, {"request"}, std::move(options)), context_(context) {}

Task<void> UserServer::serve(frame::Accepted<MtaOptions> client) {
  const MtaOptions& options = *client.options;
  frame::Conversation talk(client.stream, options.idle_time, options.write_time);
  const Status ended = co_await converse(talk, context_, options);
  if (!ended) note_end(kName, client.stream, ended.error());
}

}  // namespace posthorn::server::mta
