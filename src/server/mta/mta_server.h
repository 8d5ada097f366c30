#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "async/task.h"
#include "auth/authenticator.h"
#include "auth/sasl/plaintext.h"
#include "base/defaults.h"
#include "base/result.h"
#include "server/frame/conversation.h"
#include "server/frame/endpoint.h"
#include "service/delivery/recipient.h"
#include "service/forwarding/forwarder.h"
#include "service/sending/sending_rules.h"
#include "store/store.h"

/// What the three servers for mail transfer agents have in common.
namespace posthorn::server::mta {

/// The settings an operator may change; the defaults are for production.
struct MtaOptions {
  /// Where passwords may be sent in clear; see AuthServer.
  auth::PlaintextLogin plaintext = auth::PlaintextLogin::tls_only;
  /// Separates the user from the folder in user+folder@domain; empty: there is no separator.
  std::string detail_separator = "+";
  std::uint64_t max_message_octets = defaults::kMessageOctets;
  service::SendingLimits limits = {};
  /// Postfix's name of the transport to this server, such as "lmtp:unix:/run/posthorn/lmtp.sock";
  /// empty: LMTP is not served.
  std::string transport;
  /// An authentication that needs longer fails temporarily. Postfix waits for ten seconds.
  std::chrono::milliseconds answer_time = std::chrono::seconds(8);
  std::chrono::milliseconds idle_time = std::chrono::minutes(15);
  std::chrono::milliseconds write_time = std::chrono::seconds(30);
};

/// The parts of the process the servers work with. All must outlive the servers.
struct MtaContext {
  store::Store& store;
  auth::Authenticator& authenticator;
  service::FindAddress find_address;
  /// Returns whether all mail for a domain (in lower case) belongs to this server's accounts.
  std::function<async::Task<Result<bool>>(std::string domain)> is_our_domain;
  service::Forwarder& forwarder;
};

/// Answers one request after the other, until the connection ends. `Requests` takes them from the
/// input (wire/mta); `answer` returns a task for the octets of the reply, and its malformed() the
/// octets for what is no request. Errors: those of the stream; syntax, if the client broke the
/// protocol: where its next request begins is not known then.
template <class Requests, class Answer>
async::Task<Status> answer_each(frame::Conversation& talk, frame::CommandMeter& meter,
                                Answer& answer) {
  Requests requests;
  while (true) {
    auto request = requests.take(talk.input());
    if (!request) {
      talk.say(Answer::malformed());
      const Status ignored = co_await talk.flush();
      co_return pass(request);
    }
    if (*request) {
      const auto began = frame::CommandMeter::Clock::now();
      talk.say(co_await answer(std::move(**request)));
      meter.note(0, frame::Ending::ok, began);
      continue;
    }
    if (Status received = co_await talk.receive(); !received) co_return received;
  }
}

/// Logs why a connection of the server `name` ends, unless the peer simply left or was silent for
/// too long.
void note_end(std::string_view name, const net::Stream& stream, const Error& error);

}  // namespace posthorn::server::mta
