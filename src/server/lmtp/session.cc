#include "server/lmtp/session.h"

#include "net/tls_context.h"
#include "server/lmtp/reply.h"
#include "text/ascii.h"
#include "wire/smtp/parse_command.h"

namespace posthorn::server::lmtp {

using namespace wire::smtp;  // NOLINT: the vocabulary of this file.

Session::Session(const LmtpContext& context, frame::Accepted<LmtpOptions> client)
    : context_(context),
      options_(std::move(client.options)),
      talk_({.protocol = "lmtp",
             .hostname = options_->hostname,
             .idle = options_->idle_time,
             .write = options_->write_time},
            client.connections, client.stream) {}

bool Session::offers(std::string_view extension) const {
  return std::ranges::none_of(options_->disabled_extensions, [&](const std::string& disabled) {
    return text::iequals(disabled, extension);
  });
}

bool Session::offers_tls() const {
  return offers("STARTTLS") && frame::current_tls(context_.tls) != nullptr;
}

async::Task<void> Session::run() {
  using Busy = smtp::Talk::Busy;
  say(reply(220, options_->hostname + " LMTP Posthorn"));
  while (true) {
    const std::optional<std::string> line =
        co_await talk_.next_line(transaction_ ? Busy::in_transaction : Busy::no);
    if (!line) break;
    co_await obey(*line);
  }
  Status ignored = co_await talk_.flush();
}

async::Task<void> Session::obey(std::string_view line) {
  const bool utf8 = transaction_ && transaction_->mail.parameters.smtputf8;
  auto command = parse_command(line, Dialect::lmtp, utf8 ? Utf8::asked : Utf8::not_asked);
  if (!command) {
    say(command.error());
    talk_.count_bad();
    // Octets follow that nobody can find the end of.
    if (is_bdat(line)) talk_.close();
    co_return;
  }
  talk_.count_good();
  co_await std::visit([this](auto& known) { return obey(std::move(known)); }, *command);
}

async::Task<void> Session::obey(Hello hello) {
  said_name_ = std::move(hello.name);
  transaction_.reset();
  Reply answer{.code = 250, .lines = {options_->hostname}};
  for (const char* name : {"PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8", "CHUNKING"})
    if (offers(name)) answer.lines.emplace_back(name);
  if (offers("SIZE")) answer.lines.push_back(fmt::format("SIZE {}", options_->max_message_octets));
  if (offers_tls() && !talk_.stream().is_tls()) answer.lines.emplace_back("STARTTLS");
  say(answer);
  co_return;
}

async::Task<void> Session::obey(Mail mail) {
  if (said_name_.empty()) {
    say(reply(503, {5, 5, 1}, "Say LHLO first"));
  } else if (transaction_) {
    say(reply(503, {5, 5, 1}, "There is a sender already; RSET begins anew"));
  } else if (mail.parameters.body == Body::binary_mime) {
    say(reply(555, {5, 5, 4}, "BINARYMIME is not offered"));
  } else if (mail.parameters.hold_for || mail.parameters.hold_until) {
    say(reply(555, {5, 5, 4}, "FUTURERELEASE is not offered"));
  } else if (mail.parameters.size.value_or(0) > options_->max_message_octets) {
    say(reply(552, {5, 3, 4}, "The message is larger than this server takes"));
  } else {
    transaction_.emplace();
    transaction_->mail = std::move(mail);
    say(reply(250, {2, 1, 0}, "Sender taken"));
  }
  co_return;
}

async::Task<void> Session::obey(Rcpt rcpt) {
  if (!transaction_ || transaction_->has_data) {
    say(reply(503, {5, 5, 1}, "Say MAIL first"));
    co_return;
  }
  if (transaction_->recipients.size() >= options_->max_recipients) {
    say(reply(452, {4, 5, 3}, "Too many recipients"));
    co_return;
  }
  const std::string path = format_path(rcpt.to);
  service::EnvelopeAddress address{rcpt.to.local_part, rcpt.to.domain, format_address(rcpt.to)};
  auto recipient =
      co_await service::resolve(context_.store, context_.find_recipient, options_->detail_separator,
                                std::move(address), transaction_->mail.parameters.size.value_or(0));
  if (!recipient) {
    Reply refused = reply_of(recipient.error());
    if (refused.code >= 500) refused.lines.front().insert(0, path + ' ');
    say(refused);
    co_return;
  }
  say(reply(250, {2, 1, 5}, "Recipient taken"));
  transaction_->recipients.push_back(std::move(*recipient));
}

async::Task<void> Session::obey(Rset) {
  transaction_.reset();
  say(reply(250, {2, 0, 0}, "Forgotten"));
  co_return;
}

async::Task<void> Session::obey(Noop) {
  say(reply(250, {2, 0, 0}, "Still here"));
  co_return;
}

async::Task<void> Session::obey(Quit) {
  say(reply(221, {2, 0, 0}, options_->hostname + " Good-bye"));
  talk_.close();
  co_return;
}

async::Task<void> Session::obey(StartTls) {
  if (!co_await talk_.start_tls(offers_tls() ? context_.tls() : nullptr)) co_return;
  said_name_.clear();
  transaction_.reset();
}

async::Task<void> Session::obey(Vrfy) {
  // RFC 5321 section 3.5.3: a server need not say whom it knows.
  say(reply(252, {2, 0, 0}, "Try RCPT"));
  co_return;
}

async::Task<void> Session::obey(Help) {
  say(reply(214, {2, 0, 0}, "This is LMTP, RFC 2033"));
  co_return;
}

async::Task<void> Session::obey(Auth) {
  say(reply(502, {5, 5, 1}, "AUTH is not offered"));
  co_return;
}

}  // namespace posthorn::server::lmtp
