#include "load/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "async/gate.h"
#include "load/dial.h"
#include "net/connect.h"
#include "net/tcp_stream.h"
#include "net/tls_context.h"

namespace posthorn::bench {
namespace {

constexpr std::size_t kOpenedAtOnce = 16;

struct Opening {
  const Target* target;
  std::uint64_t first;
  std::uint64_t per_user;
  std::vector<Session> sessions;
  std::size_t next = 0;
  std::optional<Error> error;
};

async::Task<void> open_some(Opening& opening) {
  while (opening.next < opening.sessions.size() && !opening.error) {
    const std::size_t i = opening.next++;
    auto session = co_await sign_in(*opening.target, opening.first + i / opening.per_user);
    if (session)
      opening.sessions[i] = std::move(*session);
    else
      opening.error = std::move(session.error());
  }
}

/// One for all: it is the server's memory that is measured, and its certificate is its own.
Result<std::shared_ptr<net::TlsClientContext>> tls_context() {
  static auto context = net::TlsClientContext::make({.verify = false});
  return context;
}

}  // namespace

std::string user_name(const Target& target, std::uint64_t number) {
  std::string name = target.user_pattern;
  if (const std::size_t at = name.find("{}"); at != std::string::npos)
    name.replace(at, 2, std::to_string(number));
  return name;
}

async::Task<Result<Session>> sign_in(const Target& target, std::uint64_t user, Channel channel) {
  client::ClientLimits limits;
  limits.deadline = std::chrono::seconds(120);  // SEARCH BODY may take a while.
  auto fd = dial(target.host, channel == Channel::tls ? target.imaps_port : target.imap_port);
  if (!fd) co_return pass(fd);
  auto stream = net::make_stream(*fd);
  if (!stream) co_return pass(stream);
  if (channel == Channel::tls) {
    auto context = tls_context();
    if (!context) co_return pass(context);
    Status secured =
        co_await net::start_tls_client(**stream, *context, "localhost", limits.deadline);
    if (!secured) co_return pass(secured);
  }
  auto session = std::make_unique<client::ImapClient>(std::move(*stream), limits);
  Status done = co_await session->greet();
  if (done) done = co_await session->login(user_name(target, user), target.password);
  if (!done) co_return pass(done);
  co_return session;
}

async::Task<Result<Session>> sign_in_idle(const Target& target, std::uint64_t user,
                                          Channel channel) {
  auto session = co_await sign_in(target, user, channel);
  if (!session) co_return pass(session);
  auto selected = co_await must(**session, "SELECT INBOX");
  if (!selected) co_return pass(selected);
  Status idling = co_await (*session)->idle();
  if (!idling) co_return pass(idling);
  co_return std::move(*session);
}

async::Task<Result<std::vector<Session>>> sign_in_many(const Target& target, std::uint64_t first,
                                                       std::uint64_t count,
                                                       std::uint64_t per_user) {
  // Accounts that do not exist yet are made here, not by several sessions at once.
  for (std::uint64_t user = first; user < first + (count + per_user - 1) / per_user; ++user) {
    auto session = co_await sign_in(target, user);
    if (!session) co_return pass(session);
    (void)co_await (*session)->logout();
  }
  Opening opening{&target, first, per_user, {}, 0, {}};
  opening.sessions.resize(count);
  async::Gate gate;
  for (std::size_t i = 0; i < kOpenedAtOnce; ++i) gate.spawn(open_some(opening));
  co_await gate.wait_empty();
  if (opening.error) co_return std::unexpected(std::move(*opening.error));
  co_return std::move(opening.sessions);
}

async::Task<Result<client::ImapReply>> must(client::ImapClient& client, std::string command) {
  std::string shown = command.substr(0, 60);
  auto reply = co_await client.command(std::move(command));
  if (!reply) co_return pass(reply);
  if (!reply->ok())
    co_return fail(ErrorKind::io, fmt::format("{}: [{}] {}", shown, reply->code, reply->text));
  co_return std::move(*reply);
}

std::uint64_t exists_of(const client::ImapReply& selected) {
  for (const std::string& line : selected.untagged)
    if (line.ends_with(" EXISTS")) return std::strtoull(line.c_str() + 2, nullptr, 10);
  return 0;
}

async::Task<Status> append(client::ImapClient& client, std::string message) {
  // One write with the literal in it: what a client with LITERAL+ does (RFC 7888 §4).
  auto reply = co_await must(
      client, fmt::format("APPEND INBOX {{{}+}}\r\n{}", message.size(), std::move(message)));
  if (!reply) co_return pass(reply);
  co_return Status();
}

}  // namespace posthorn::bench
