#include "server/submission/session.h"

#include <algorithm>

#include "base/log.h"
#include "net/tls_context.h"
#include "text/ascii.h"
#include "wire/smtp/internet_date.h"
#include "wire/smtp/parse_command.h"

namespace posthorn::server::submission {

using namespace wire::smtp;  // NOLINT: the vocabulary of this file.

namespace {

/// RFC 4954 §4: as long as a base64 response may be; tokens are long.
constexpr std::size_t kMaxLine = 12'288;

}  // namespace

Session::Session(const SubmissionContext& context, frame::Accepted<SubmissionOptions> client)
    : context_(context),
      options_(std::move(client.options)),
      talk_({.protocol = "submission",
             .hostname = options_->hostname,
             .max_line = kMaxLine,
             .idle = options_->login_time,
             .write = options_->write_time},
            client.connections, client.stream),
      transport_(client.transport),
      since_(client.since) {}

bool Session::offers(std::string_view extension) const {
  return std::ranges::none_of(options_->disabled_extensions, [&](const std::string& disabled) {
    return text::iequals(disabled, extension);
  });
}

bool Session::offers_tls() const {
  return offers("STARTTLS") && frame::current_tls(context_.tls) != nullptr;
}

Reply Session::trouble(std::string_view what, const Error& error) const {
  log::error_about(name_, "submission: account {}: {}: {}: {} ({})", name_, what,
                   name_of(error.kind), error.text, error.cause);
  return reply(451, {4, 3, 0}, "This server is in trouble; please try again later");
}

async::Task<bool> Session::open() {
  auto slot = context_.limits.admit_connection(talk_.stream().peer());
  if (!slot) {
    // In clear even where TLS comes first: a handshake is what there is no room for.
    if (transport_ == frame::Transport::plain)
      say(reply(421, {4, 7, 0}, options_->hostname + ' ' + slot.error().text));
    co_return false;
  }
  connection_slot_ = std::move(*slot);
  const bool begun = co_await frame::begin(talk_.stream(), transport_, context_.tls,
                                           options_->login_time, "submission");
  if (!begun) co_return false;
  say(reply(220, options_->hostname + " ESMTP Posthorn"));
  co_return true;
}

async::Task<void> Session::run() {
  if (co_await open()) {
    while (const auto line = co_await next_line()) co_await obey(*line);
  }
  Status ignored = co_await talk_.flush();
}

async::Task<std::optional<std::string>> Session::next_line() {
  using Busy = smtp::Talk::Busy;
  using std::chrono::milliseconds;
  if (account_) {
    talk_.set_idle(options_->idle_time);
  } else {
    // All that comes before the login has one time together.
    const auto spent =
        std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - since_);
    talk_.set_idle(std::max(milliseconds(1), options_->login_time - spent));
  }
  return talk_.next_line(transaction_ ? Busy::in_transaction : Busy::no);
}

async::Task<void> Session::obey(std::string_view line) {
  const bool utf8 = transaction_ && transaction_->envelope.smtputf8;
  auto command = parse_command(line, Dialect::smtp, utf8 ? Utf8::asked : Utf8::not_asked);
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
  hello_ = std::move(hello);
  transaction_.reset();
  Reply answer{.code = 250, .lines = {options_->hostname}};
  const auto add = [&](std::string_view name, const std::string& parameters = "") {
    if (offers(name)) answer.lines.push_back(std::string(name) + parameters);
  };
  if (hello_->verb == Greeting::ehlo) {
    add("PIPELINING");
    add("SIZE", fmt::format(" {}", options_->max_message_octets));
    if (offers_tls() && !talk_.stream().is_tls()) add("STARTTLS");
    std::string names;
    for (const std::string_view mechanism : mechanisms()) names += ' ' + std::string(mechanism);
    if (!names.empty()) add("AUTH", names);
    add("8BITMIME");
    if (offers("CHUNKING")) add("BINARYMIME");
    for (const char* name : {"CHUNKING", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN"}) add(name);
    add("LIMITS", fmt::format(" RCPTMAX={}", options_->max_recipients));
    const std::int64_t max_hold = options_->max_hold.count();
    if (max_hold > 0)
      add("FUTURERELEASE",
          fmt::format(" {} {}", max_hold,
                      format_internet_date(context_.store.clock().now().seconds + max_hold)));
  }
  say(answer);
  co_return;
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
  hello_.reset();
  transaction_.reset();
  account_.reset();
  name_.clear();
  user_slot_ = {};
}

async::Task<void> Session::obey(Vrfy) {
  // RFC 5321 section 3.5.3: a server need not say whom it knows.
  say(reply(252, {2, 0, 0}, "Try RCPT"));
  co_return;
}

async::Task<void> Session::obey(Help) {
  say(reply(214, {2, 0, 0}, "This is message submission, RFC 6409: log in and send"));
  co_return;
}

}  // namespace posthorn::server::submission
