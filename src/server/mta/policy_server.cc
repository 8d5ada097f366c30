#include "server/mta/policy_server.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/fault.h"
#include "server/frame/session_log.h"
#include "server/smtp/delivery_reply.h"
#include "service/account_name.h"
#include "service/sending/sender.h"
#include "store/low_space.h"
#include "wire/mta/policy.h"
#include "wire/smtp/address.h"

namespace posthorn::server::mta {

namespace wm = wire::mta;
using async::Task;
using wire::smtp::BareNames;
using wire::smtp::reply;
using wire::smtp::Reply;

namespace {

constexpr std::string_view kName = "policy_socket";

/// The refusal of a request; none if nothing is wrong.
using Refusal = std::optional<Reply>;

std::optional<service::EnvelopeAddress> parse(std::string_view text) {
  const auto address = wire::smtp::parse_address(text, BareNames::any);
  if (!address) return std::nullopt;
  return service::EnvelopeAddress{address->local_part, address->domain,
                                  wire::smtp::format_address(*address)};
}

/// Judges single requests.
class Judge {
 public:
  Judge(const MtaContext& context, const MtaOptions& options, const net::Stream& stream)
      : context_(context), options_(options), stream_(stream) {}

  /// Returns the reply to a request.
  Task<std::string> operator()(wm::PolicyRequest request);
  static std::string malformed() {
    return wm::format_policy_reply("451 4.3.0 The request cannot be understood");
  }

 private:
  Task<Refusal> judge(wm::PolicyRequest request) {
    const std::string_view state = request["protocol_state"];
    const bool at_recipient = state == "RCPT";
    const bool at_end = state == "END-OF-MESSAGE";
    if (!at_recipient && !at_end) co_return std::nullopt;
    if (request.number("size") > options_.max_message_octets)
      co_return smtp::reply_of({ErrorKind::too_big, ""});
    Refusal refused = co_await judge_sender(request, at_end);
    if (!refused && at_recipient) refused = co_await judge_recipient(request);
    co_return refused;
  }

  Task<Refusal> judge_sender(const wm::PolicyRequest& request, bool at_end) {
    const std::string user(request["sasl_username"]);
    if (user.empty()) co_return std::nullopt;
    auto entry = co_await context_.find_address(service::normal_name(user));
    if (!entry) co_return trouble(entry.error());
    // Somebody whom another directory knows.
    if (!*entry) co_return std::nullopt;
    if ((*entry)->disabled) co_return reply(550, {5, 7, 13}, "The account is disabled");
    auto account = co_await context_.store.account((*entry)->account);
    if (!account) co_return trouble(account.error());
    // The null sender alone is no reason for refusing (RFC 6409 §6.1).
    if (const std::string_view sender = request["sender"]; !sender.empty()) {
      const auto address = parse(sender);
      if (!address) co_return reply(553, {5, 1, 7}, "The sender is not an address");
      auto may = co_await service::may_send_as(context_.find_address, options_.detail_separator,
                                               *account, *address);
      if (!may) co_return trouble(may.error());
      if (!*may)
        co_return reply(550, {5, 7, 1}, address->written + " You may not send from this address");
    }
    co_return co_await judge_limits(*account, request, at_end);
  }

  Task<Refusal> judge_limits(store::AccountPtr account, const wm::PolicyRequest& request,
                             bool at_end) {
    const auto recipients = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(request.number("recipient_count"), 1, UINT32_MAX));
    Status within;
    if (at_end) {
      within = co_await service::count_message(account, options_.limits, recipients, stream_.id());
    } else {
      within = service::check_limits(account->published()->usage, options_.limits, 1,
                                     context_.store.clock().now());
    }
    if (within) co_return std::nullopt;
    switch (within.error().kind) {
      case ErrorKind::limit: co_return reply(450, {4, 7, 1}, within.error().text);
      case ErrorKind::bad_argument: co_return reply(550, {5, 7, 1}, within.error().text);
      default: co_return trouble(within.error());
    }
  }

  Task<Refusal> judge_recipient(const wm::PolicyRequest& request) {
    const auto address = parse(request["recipient"]);
    if (!address) co_return std::nullopt;
    if (!address->domain.empty()) {
      auto ours = co_await context_.is_our_domain(service::normal_name(address->domain));
      if (!ours) co_return trouble(ours.error());
      if (!*ours) co_return std::nullopt;
    }
    if (const Status room = store::may_take_new_mail(context_.store); !room)
      co_return smtp::low_space_reply(room.error());
    // Logs what is a fault of ours.
    const service::Forwarder& forwarder = context_.forwarder;
    auto found = co_await forwarder.find(context_.find_address, options_.detail_separator, *address,
                                         request.number("size"));
    if (!found) {
      const Error& error = found.error();
      co_return error.kind == ErrorKind::bad_argument ? smtp::forwarding_reply_of(error)
                                                      : smtp::reply_of(error);
    }
    const Status may = forwarder.judge(found->outside);
    if (!may) co_return smtp::forwarding_reply_of(may.error());
    co_return std::nullopt;
  }

  [[nodiscard]] Reply trouble(const Error& error) const {
    frame::log_trouble(kName, stream_, {}, error);
    return reply(451, {4, 3, 0}, "Temporary server error; please try again later");
  }

  const MtaContext& context_;
  const MtaOptions& options_;
  const net::Stream& stream_;
};

std::string action_of(const Refusal& refused) {
  if (!refused) return "DUNNO";
  std::string line = wire::smtp::format_reply(*refused);
  line.resize(line.find_last_not_of("\r\n") + 1);
  return line;
}

Task<std::string> Judge::operator()(wm::PolicyRequest request) {
  const Refusal refused = co_await judge(std::move(request));
  co_return wm::format_policy_reply(action_of(refused));
}

}  // namespace

PolicyServer::PolicyServer(const MtaContext& context, MtaOptions options)
    : Endpoint(kName, {"request"}, std::move(options)), context_(context) {}

Task<void> PolicyServer::serve(frame::Accepted<MtaOptions> client) {
  const MtaOptions& options = *client.options;
  frame::Conversation talk(client.stream, options.idle_time, options.write_time);
  Judge judge(context_, options, client.stream);
  const Status ended = co_await answer_each<wm::PolicyRequests>(talk, client.meter, judge);
  if (!ended) note_end(kName, client.stream, ended.error());
}

}  // namespace posthorn::server::mta
