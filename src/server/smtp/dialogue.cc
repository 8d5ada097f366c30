#include "server/smtp/dialogue.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "net/tls_context.h"
#include "text/ascii.h"

namespace posthorn::server::smtp {

using namespace wire::smtp;  // NOLINT: the vocabulary of this file.

namespace {

constexpr std::uint32_t kBadCommands = 20;
/// A peer that speaks a different protocol (a browser, a scanner) is disconnected soon. This also
/// makes it harder to use a browser against this server (cross-protocol attacks on TLS).
constexpr std::uint32_t kBadCommandsBeforeLogin = 3;

frame::Ending ending_of(std::uint16_t code) {
  if (code >= 500) return frame::Ending::refused;
  return code >= 400 ? frame::Ending::failed : frame::Ending::ok;
}

}  // namespace

Dialogue::Dialogue(DialogueSettings settings, const frame::Connections& connections,
                   net::Stream& stream)
    : settings_(std::move(settings)), talk_(settings_.talk, connections, stream) {}

bool Dialogue::offers(std::string_view extension) const {
  return std::ranges::none_of(settings_.disabled_extensions, [&](const std::string& disabled) {
    return text::iequals(disabled, extension);
  });
}

bool Dialogue::offers_tls() const {
  return offers("STARTTLS") && frame::current_tls(settings_.tls) != nullptr;
}

async::Task<std::optional<std::string>> Dialogue::next_line() {
  talk_.set_idle(patience());
  talk_.set_most_bad(may_send() ? kBadCommands : kBadCommandsBeforeLogin);
  return talk_.next_line(transaction() ? Talk::Busy::in_transaction : Talk::Busy::no);
}

async::Task<void> Dialogue::obey_commands() {
  while (const auto line = co_await next_line()) co_await obey_line(*line);
}

async::Task<void> Dialogue::obey_line(std::string_view line) {
  const Transaction* const open = transaction();
  auto command = parse_command(line, settings_.dialect,
                               open && open->smtputf8 ? Utf8::asked : Utf8::not_asked);
  if (!command) {
    settings_.meter.note_unknown();
    say(command.error());
    talk_.count_bad();
    // Octets follow whose end cannot be found.
    if (is_bdat(line)) talk_.close();
    co_return;
  }
  talk_.count_good();
  const auto began = frame::CommandMeter::Clock::now();
  const std::size_t index = command->index();
  co_await std::visit([this](auto& known) { return obey(std::move(known)); }, *command);
  settings_.meter.note(index, ending_of(last_code_), began);
}

void Dialogue::say(const Reply& reply) {
  last_code_ = reply.code;
  talk_.say(reply);
}

bool Dialogue::is_gateway() const { return settings_.gateways.contains(stream().speaker()); }

async::Task<void> Dialogue::obey(Hello hello) {
  hello_ = std::move(hello);
  forget_transaction();
  Reply answer{.code = 250, .lines = {talk_.hostname()}};
  for (std::string& line : extensions())
    if (offers(std::string_view(line).substr(0, line.find(' '))))
      answer.lines.push_back(std::move(line));
  if (hello_->verb != Greeting::helo && is_gateway() && !is_known())
    answer.lines.emplace_back("XCLIENT ADDR PORT NAME HELO PROTO DESTADDR DESTPORT");
  say(answer);
  co_return;
}

async::Task<void> Dialogue::obey(Rset) {
  forget_transaction();
  say(reply(250, {2, 0, 0}, "Transaction reset"));
  co_return;
}

async::Task<void> Dialogue::obey(Noop) {
  say(reply(250, {2, 0, 0}, "OK"));
  co_return;
}

async::Task<void> Dialogue::obey(Quit) {
  say(reply(221, {2, 0, 0}, talk_.hostname() + " Good-bye"));
  talk_.close();
  co_return;
}

async::Task<void> Dialogue::obey(StartTls) {
  if (!co_await talk_.start_tls(offers_tls() ? settings_.tls() : nullptr)) co_return;
  hello_.reset();
  forget_transaction();
  forget_client();
}

async::Task<void> Dialogue::obey(Vrfy) {
  // RFC 5321 §3.5.3: a server need not disclose which users it has.
  say(reply(252, {2, 0, 0}, "Users are not verified; send RCPT instead"));
  co_return;
}

async::Task<void> Dialogue::obey(Help) {
  say(reply(214, {2, 0, 0}, std::string(help())));
  co_return;
}

/// Postfix's XCLIENT_README: the session begins anew, with another greeting.
async::Task<void> Dialogue::obey(Xclient client) {
  if (!is_gateway()) {
    say(reply(550, {5, 7, 0}, "XCLIENT is not accepted from your address"));
    co_return;
  }
  if (transaction() != nullptr || is_known()) {
    say(reply(503, {5, 5, 1}, "XCLIENT must come first"));
    co_return;
  }
  if (client.address)
    stream().set_peer(format_peer(*client.address, client.port.value_or(0)),
                      net::Stream::NamedBy::gateway);
  hello_.reset();
  if (const Status counted = count_again(); !counted) {
    say(reply(421, {4, 7, 0}, talk_.hostname() + ' ' + counted.error().text));
    talk_.close();
    co_return;
  }
  say(reply(220, greeting()));
}

async::Task<void> Dialogue::on_auth(Auth) {
  say(reply(502, {5, 5, 1}, "AUTH is not offered"));
  co_return;
}

// The message.

void Dialogue::begin_data() {
  transaction()->has_data = true;
  begin_message();
}

/// Cannot fail: an error is recorded, and the remaining octets are read and discarded, so that the
/// dialogue stays in step.
async::Task<void> Dialogue::take_in(std::string_view octets) {
  Transaction* const open = transaction();
  if (open == nullptr || !open->has_data || octets.empty()) co_return;
  open->octets += octets.size();
  if (open->failure) co_return;
  if (open->octets > settings_.max_message_octets) {
    open->failure = reply(552, {5, 3, 4}, "The message is larger than this server accepts");
  } else {
    open->failure = co_await feed(octets);
  }
  if (open->failure) drop_message();
}

async::Task<void> Dialogue::obey(Data) {
  const Transaction* const open = transaction();
  if (open == nullptr || !has_recipients() || open->has_data) {
    // RFC 2033 §4.2: in LMTP too, DATA fails at once if there is no recipient.
    say(reply(503, {5, 5, 1}, open ? "There are no valid recipients" : "Send MAIL first"));
    co_return;
  }
  if (open->binary) {
    say(reply(503, {5, 5, 1}, "Binary messages must be sent with BDAT (RFC 3030)"));
    co_return;
  }
  say(reply(354, "Send the message; end it with a line that contains only a dot"));
  begin_data();
  const Status read =
      co_await talk_.read_data([this](std::string_view octets) { return take_in(octets); });
  if (!read) {
    forget_transaction();
    co_return;
  }
  co_await finish();
}

async::Task<void> Dialogue::obey(Bdat bdat) {
  if (!may_send()) {
    // The client may send as many octets as it announced; without a login, they are not read.
    say(reply(530, {5, 7, 0}, "Log in first"));
    talk_.close();
    co_return;
  }
  const Transaction* const open = transaction();
  if (open && has_recipients() && !open->has_data) begin_data();
  // The octets follow whatever the reply is (RFC 3030 §2), so they are read in any case.
  const Status read = co_await talk_.read_chunk(
      bdat.octets, [this](std::string_view octets) { return take_in(octets); });
  if (!read) {
    forget_transaction();
    co_return;
  }
  co_await end_chunk(bdat);
}

async::Task<void> Dialogue::end_chunk(Bdat bdat) {
  const Transaction* const open = transaction();
  // RFC 2033 §4.3: LMTP sends one reply for each recipient after the last chunk, and thus none if
  // there is no recipient.
  const bool one_reply_each = settings_.dialect == Dialect::lmtp;
  if (open == nullptr) {
    say(reply(503, {5, 5, 1}, "Send MAIL first"));
  } else if (!has_recipients() && !(bdat.last && one_reply_each)) {
    say(reply(503, {5, 5, 1}, "There are no valid recipients"));
  } else if (bdat.last) {
    co_await finish();
  } else if (open->failure) {
    say(*open->failure);
  } else {
    say(reply(250, {2, 0, 0}, fmt::format("{} octets received", bdat.octets)));
  }
}

}  // namespace posthorn::server::smtp
