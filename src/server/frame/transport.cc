#include "server/frame/transport.h"

#include <utility>

#include "net/tls_context.h"
#include "server/frame/session_log.h"

namespace posthorn::server::frame {

std::shared_ptr<net::TlsContext> current_tls(const TlsSource& source) {
  return source ? source() : nullptr;
}

std::string_view alpn_of(std::string_view protocol) {
  if (protocol == "imap") return "imap";
  if (protocol == "pop3") return "pop3";
  if (protocol == "http") return "http/1.1";
  return {};
}

async::Task<bool> begin(net::Stream& stream, Transport transport, const TlsSource& tls,
                        std::chrono::milliseconds deadline, std::string_view protocol) {
  if (transport == Transport::plain) co_return true;
  auto context = current_tls(tls);
  if (context == nullptr) co_return false;
  const Status started = co_await stream.start_tls(std::move(context), deadline, alpn_of(protocol));
  if (started) co_return true;
  if (log::enabled(log::Level::debug))
    about("TLS failed", protocol, stream).failure(started.error()).write(log::Level::debug);
  co_return false;
}

}  // namespace posthorn::server::frame
