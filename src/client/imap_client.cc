#include "client/imap_client.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/release_memory.h"
#include "text/base64.h"
#include "wire/imap/response/writer.h"

namespace posthorn::client {

using wire::imap::Condition;

namespace {

constexpr std::size_t kReadSize = 64U << 10;

std::string upper(std::string_view s) {
  std::string out(s);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

/// Returns whether any server accepts this text in a quoted string (RFC 9051 §4.3).
bool fits_quoted(std::string_view s) {
  return s.size() < 1000 && std::ranges::all_of(s, [](char c) { return c >= ' ' && c < 127; });
}

std::string quoted_string(std::string_view s) {
  std::string out;
  wire::imap::Writer(out).quoted(s);
  return out;
}

}  // namespace

ImapClient::ImapClient(std::unique_ptr<net::Stream> stream, ClientLimits limits)
    : stream_(std::move(stream)), limits_(limits), receiver_(limits.response_octets) {}

async::Task<Result<std::unique_ptr<ImapClient>>> ImapClient::connect(Endpoint endpoint,
                                                                     ClientLimits limits) {
  auto stream = co_await net::connect(endpoint.host, endpoint.port, limits.deadline);
  if (!stream) co_return pass(stream);
  if (endpoint.security == Security::tls) {
    Status secured =
        co_await net::start_tls_client(**stream, endpoint.tls, endpoint.host, limits.deadline);
    if (!secured) co_return pass(secured);
  }
  auto client = std::make_unique<ImapClient>(std::move(*stream), limits);
  Status greeted = co_await client->greet();
  if (!greeted) co_return pass(greeted);
  if (endpoint.security == Security::starttls) {
    Status secured = co_await client->secure(endpoint);
    if (!secured) co_return pass(secured);
  }
  co_return client;
}

async::Task<Status> ImapClient::secure(const Endpoint& endpoint) {
  auto reply = co_await command("STARTTLS");
  if (!reply) co_return pass(reply);
  if (!reply->ok())
    co_return fail(ErrorKind::not_supported, "the server refused STARTTLS: " + reply->text);
  // RFC 9051 §11.1: octets received in clear after the OK do not come from the authenticated
  // server.
  if (begin_ != buffer_.size())
    co_return fail(ErrorKind::syntax, "the server sent data before the TLS handshake");
  capabilities_.clear();
  co_return co_await net::start_tls_client(*stream_, endpoint.tls, endpoint.host, limits_.deadline);
}

async::Task<Status> ImapClient::greet() {
  auto response = co_await next_response(limits_.deadline);
  if (!response) co_return pass(response);
  const auto status = parse_status_line(*response);
  if (!status || status->tag != "*")
    co_return fail(ErrorKind::syntax, "this is not an IMAP greeting");
  note_code(status->code);
  if (status->condition == Condition::ok || status->condition == Condition::preauth)
    co_return Status();
  co_return fail(ErrorKind::unavailable, std::string(status->text));
}

async::Task<Status> ImapClient::login(std::string user, std::string password) {
  const bool plain = !fits_quoted(user) || !fits_quoted(password);
  auto reply = plain ? co_await authenticate_plain(user, password)
                     : co_await command(fmt::format("LOGIN {} {}", quoted_string(user),
                                                    quoted_string(password)));
  if (!reply) co_return pass(reply);
  if (!reply->ok()) co_return fail(ErrorKind::auth_failed, reply->text);
  co_return Status();
}

async::Task<Result<ImapReply>> ImapClient::authenticate_plain(const std::string& user,
                                                              const std::string& password) {
  auto tag = co_await send("AUTHENTICATE PLAIN");
  if (!tag) co_return pass(tag);
  auto refused = co_await until_continuation(*tag);
  if (!refused) co_return pass(refused);
  if (*refused) co_return reply_of(**refused);
  std::string message;
  message.append(1, '\0').append(user).append(1, '\0').append(password);
  Status sent = co_await stream_->write(text::base64_encode(message) + "\r\n", limits_.deadline);
  if (!sent) co_return pass(sent);
  co_return co_await finish(*tag);
}

async::Task<Result<ImapReply>> ImapClient::command(std::string text) {
  auto tag = co_await send(std::move(text));
  if (!tag) co_return pass(tag);
  co_return co_await finish(std::move(*tag));
}

async::Task<Result<std::string>> ImapClient::send(std::string text) {
  std::string tag = next_tag();
  Status sent = co_await stream_->write(tag + ' ' + text + "\r\n", limits_.deadline);
  if (!sent) co_return pass(sent);
  co_return tag;
}

async::Task<Result<ImapReply>> ImapClient::finish(std::string tag) {
  while (true) {
    if (const auto done = finished_.find(tag); done != finished_.end()) {
      ImapReply reply = std::move(done->second);
      finished_.erase(done);
      co_return reply;
    }
    auto response = co_await next_response(limits_.deadline);
    if (!response) co_return pass(response);
    if (response->starts_with("* ")) {
      Status noted = note(*response);
      if (!noted) co_return pass(noted);
    } else if (const auto status = parse_status_line(*response)) {
      std::string ended(status->tag);
      if (finished_.size() >= limits_.early_replies)
        co_return fail(ErrorKind::too_big, "the server completed commands that were never sent");
      finished_.insert_or_assign(std::move(ended), reply_of(*response));
    } else {
      co_return fail(ErrorKind::syntax,
                     "an unexpected response: " + std::string(response->substr(0, 80)));
    }
  }
}

async::Task<Result<ImapReply>> ImapClient::append(std::string mailbox, AppendOptions options,
                                                  std::uint64_t size, Source source) {
  const std::string tag = next_tag();
  std::string line = tag + " APPEND ";
  wire::imap::Writer w(line);
  w.mailbox(mailbox).sp();
  if (options.flags != FlagList{})
    w.flag_list(options.flags.system, wire::imap::Recent::no, options.flags.keywords).sp();
  if (options.received) w.date_time(*options.received).sp();
  // RFC 7888 §5: LITERAL- is for 4,096 octets at most.
  const bool sync = !has("LITERAL+") && !(has("LITERAL-") && size <= 4096);
  line += fmt::format("{{{}{}}}\r\n", size, sync ? "" : "+");
  Status sent = co_await stream_->write(line, limits_.deadline);
  if (!sent) co_return pass(sent);
  if (sync) {
    auto refused = co_await until_continuation(tag);
    if (!refused) co_return pass(refused);
    if (*refused) co_return reply_of(**refused);
  }
  Status streamed = co_await stream_literal(size, source);
  if (!streamed) co_return pass(streamed);
  co_return co_await finish(tag);
}

async::Task<Status> ImapClient::stream_literal(std::uint64_t size, Source& source) {
  for (std::string_view chunk = source(); !chunk.empty(); chunk = source()) {
    if (chunk.size() > size) {
      stream_->shutdown_now();
      co_return fail(ErrorKind::bad_argument, "the message is longer than was announced");
    }
    size -= chunk.size();
    Status sent = co_await stream_->write(chunk, limits_.deadline);
    if (!sent) co_return pass(sent);
  }
  if (size > 0) {
    stream_->shutdown_now();
    co_return fail(ErrorKind::bad_argument, "the message is shorter than was announced");
  }
  co_return co_await stream_->write("\r\n", limits_.deadline);
}

async::Task<Result<std::optional<std::string>>> ImapClient::until_continuation(std::string tag) {
  while (true) {
    auto response = co_await next_response(limits_.deadline);
    if (!response) co_return pass(response);
    if (response->starts_with('+')) co_return std::nullopt;
    if (response->starts_with(tag + ' ')) co_return std::string(*response);
    if (!response->starts_with("* "))
      co_return fail(ErrorKind::syntax, "no continuation: " + std::string(response->substr(0, 80)));
    Status noted = note(*response);
    if (!noted) co_return pass(noted);
  }
}

async::Task<Status> ImapClient::idle() {
  auto tag = co_await send("IDLE");
  if (!tag) co_return pass(tag);
  auto refused = co_await until_continuation(*tag);
  if (!refused) co_return pass(refused);
  if (*refused) co_return fail(ErrorKind::not_supported, "the server refused IDLE");
  idle_tag_ = std::move(*tag);
  co_return Status();
}

async::Task<Result<std::optional<std::string>>> ImapClient::idle_next(
    std::chrono::milliseconds wait) {
  if (!untagged_.empty()) {  // Sent by the server before the continuation.
    std::string first = std::move(untagged_.front());
    untagged_.erase(untagged_.begin());
    co_return first;
  }
  if (begin_ == buffer_.size()) {
    // A load generator has thousands of idle clients, which must not hold buffers.
    release_memory(buffer_);
    begin_ = 0;
    auto ready = co_await stream_->wait_readable(wait);
    if (!ready && ready.error().kind == ErrorKind::timed_out) co_return std::nullopt;
    if (!ready) co_return pass(ready);
    if (!*ready) co_return std::nullopt;
  }
  auto response = co_await next_response(wait);
  if (!response && response.error().kind == ErrorKind::timed_out) co_return std::nullopt;
  if (!response) co_return pass(response);
  if (const auto status = parse_status_line(*response);
      status && status->tag == "*" && status->condition == Condition::bye)
    bye_ = status->text;
  co_return std::string(*response);
}

async::Task<Result<ImapReply>> ImapClient::idle_done() {
  Status sent = co_await stream_->write("DONE\r\n", limits_.deadline);
  if (!sent) co_return pass(sent);
  co_return co_await finish(std::exchange(idle_tag_, {}));
}

async::Task<Status> ImapClient::logout() {
  auto reply = co_await command("LOGOUT");
  co_await stream_->close();
  if (!reply) co_return pass(reply);
  co_return Status();
}

bool ImapClient::has(std::string_view capability) const {
  return std::ranges::find(capabilities_, upper(capability)) != capabilities_.end();
}

async::Task<Result<std::string_view>> ImapClient::next_response(std::chrono::milliseconds wait) {
  while (true) {
    const auto event = receiver_.next(std::string_view(buffer_).substr(begin_));
    if (event.kind == wire::imap::ResponseReceiver::Event::Kind::too_long)
      co_return fail(ErrorKind::too_big, "the server's response is too long");
    if (event.kind == wire::imap::ResponseReceiver::Event::Kind::response) {
      begin_ += event.consumed;
      co_return event.text;
    }
    buffer_.erase(0, std::exchange(begin_, 0));
    const std::size_t held = buffer_.size();
    buffer_.resize(held + kReadSize);
    auto got = co_await stream_->read_some(std::span(buffer_).subspan(held), wait);
    buffer_.resize(held + (got ? *got : 0));
    if (!got && got.error().kind != ErrorKind::closed) co_return pass(got);
    if (!got || *got == 0) co_return closed();
  }
}

Status ImapClient::note(std::string_view response) {
  if (const auto status = parse_status_line(response)) {
    note_code(status->code);
    if (status->condition == Condition::bye) bye_ = status->text;
  } else if (response.starts_with("* CAPABILITY ")) {
    note_code(response.substr(2));
  }
  if (handler_) {
    handler_(response);
    return {};
  }
  // For short responses, the overhead exceeds their length.
  untagged_size_ += response.size() + sizeof(std::string);
  if (untagged_size_ > limits_.untagged_octets)
    return fail(ErrorKind::too_big, "the server's answer is too long to keep");
  untagged_.emplace_back(response);
  return {};
}

void ImapClient::note_code(std::string_view code) {
  constexpr std::string_view kWord = "CAPABILITY ";
  if (!code.starts_with(kWord)) return;
  capabilities_.clear();
  code.remove_prefix(kWord.size());
  while (!code.empty()) {
    const std::size_t space = std::min(code.find(' '), code.size());
    if (space > 0) capabilities_.push_back(upper(code.substr(0, space)));
    code.remove_prefix(std::min(space + 1, code.size()));
  }
}

ImapReply ImapClient::reply_of(std::string_view tagged) {
  ImapReply reply;
  if (const auto status = parse_status_line(tagged)) {
    note_code(status->code);
    reply.condition = status->condition;
    reply.code = status->code;
    reply.text = status->text;
  }
  reply.untagged = std::exchange(untagged_, {});
  untagged_size_ = 0;
  return reply;
}

std::string ImapClient::next_tag() { return fmt::format("c{}", ++tags_); }

std::unexpected<Error> ImapClient::closed() const {
  return fail(ErrorKind::closed, bye_.empty() ? "the server closed the connection" : bye_);
}

}  // namespace posthorn::client
