#include "server/smtp/talk.h"

#include "net/tls_context.h"
#include "server/frame/session_log.h"
#include "server/frame/transport.h"
#include "wire/smtp/data.h"

namespace posthorn::server::smtp {
namespace {

using wire::smtp::reply;

/// The time limit for a TLS handshake.
constexpr std::chrono::seconds kHandshake(30);

}  // namespace

Talk::Talk(TalkSettings settings, const frame::Connections& connections, net::Stream& stream)
    : settings_(std::move(settings)),
      connections_(connections),
      talk_(stream, settings_.idle, settings_.write),
      lines_(settings_.max_line) {}

void Talk::count_bad() {
  if (++bad_in_a_row_ < most_bad_) return;
  say(reply(421, {4, 7, 0}, "Too many bad commands"));
  open_ = false;
}

void Talk::lost(const Error& error) {
  open_ = false;
  if (error.kind == ErrorKind::timed_out) {
    const std::string_view why =
        deadline().has_passed() ? deadline().words() : "The connection was idle for too long";
    say(reply(421, {4, 4, 2}, fmt::format("{} {}", hostname(), why)));
  } else if (error.kind == ErrorKind::unavailable) {
    say(reply(421, {4, 3, 2}, hostname() + " This server is shutting down"));
  } else if (error.kind != ErrorKind::closed) {
    frame::about("the connection was lost", settings_.protocol, stream())
        .failure(error)
        .write(log::Level::info);
  }
}

async::Task<std::optional<std::string>> Talk::next_line(Busy busy) {
  while (open_) {
    if (connections_.stopping() && busy == Busy::no) {
      lost({ErrorKind::unavailable, ""});
      break;
    }
    // Asked also when input is there: a client that always has some would otherwise never be late.
    if (deadline().has_passed()) {
      lost({ErrorKind::timed_out, ""});
      break;
    }
    if (auto line = lines_.take(talk_.input())) {
      if (!line->too_long) co_return std::string(line->text);
      say(reply(500, {5, 5, 2}, "The line is too long"));
      count_bad();
      continue;
    }
    Status received = co_await talk_.receive();
    const bool woken = !received && received.error().kind == ErrorKind::unavailable;
    if (woken && busy == Busy::in_transaction) continue;
    if (!received) lost(received.error());
  }
  co_return std::nullopt;
}

async::Task<bool> Talk::start_tls(std::shared_ptr<net::TlsContext> tls) {
  if (stream().is_tls() || tls == nullptr) {
    say(reply(502, {5, 5, 1}, "STARTTLS is not offered"));
    co_return false;
  }
  // RFC 3207 §4, §4.2: it is the last of its group, and nothing said before it counts.
  if (!talk_.input().empty()) {
    say(reply(503, {5, 5, 1}, "Nothing may follow STARTTLS before the TLS handshake"));
    open_ = false;
    co_return false;
  }
  say(reply(220, {2, 0, 0}, "Go ahead"));
  Status ready = co_await talk_.flush();
  if (ready)
    ready = co_await stream().start_tls(std::move(tls), deadline().limit(kHandshake),
                                        frame::alpn_of(settings_.protocol));
  if (!ready) {
    frame::about("TLS failed", settings_.protocol, stream())
        .failure(ready.error())
        .write(log::Level::info);
    open_ = false;
  }
  co_return ready.has_value();
}

async::Task<Status> Talk::fill() {
  if (!talk_.input().empty()) co_return Status();
  co_return co_await talk_.receive();
}

async::Task<Status> Talk::receive_data(const Sink& sink) {
  wire::smtp::DataReceiver receiver;
  while (true) {
    if (Status there = co_await fill(); !there) co_return there;
    const auto span = receiver.take(talk_.input());
    co_await sink(span.bytes);
    if (span.end) co_return Status();
  }
}

async::Task<Status> Talk::receive_chunk(std::uint64_t octets, const Sink& sink) {
  wire::smtp::ChunkReceiver receiver(octets);
  while (receiver.left() > 0) {
    if (Status there = co_await fill(); !there) co_return there;
    co_await sink(receiver.take(talk_.input()));
  }
  co_return Status();
}

Status Talk::ended(Status read) {
  talk_.expect_bulk(false);
  if (!read) lost(read.error());
  return read;
}

async::Task<Status> Talk::read_data(const Sink& sink) {
  talk_.expect_bulk(true);
  co_return ended(co_await receive_data(sink));
}

async::Task<Status> Talk::read_chunk(std::uint64_t octets, const Sink& sink) {
  talk_.expect_bulk(true);
  co_return ended(co_await receive_chunk(octets, sink));
}

}  // namespace posthorn::server::smtp
