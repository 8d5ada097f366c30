#include "server/frame/proxied.h"

#include <array>
#include <chrono>
#include <span>

#include "wire/proxy/proxy_header.h"

namespace posthorn::server::frame {
namespace {

/// The header comes with the connection, so a proxy needs no more than what its network delays. The
/// connection is in nobody's count until then.
constexpr std::chrono::seconds kHeaderTime(5);

}  // namespace

async::Task<Status> take_proxy_header(net::Stream& stream) {
  using std::chrono::milliseconds;
  using std::chrono::steady_clock;
  const auto until = steady_clock::now() + kHeaderTime;
  wire::proxy::ProxyHeader header;
  std::array<char, 512> buffer{};
  while (header.wanted() > 0) {
    const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
    if (left.count() <= 0) co_return fail(ErrorKind::timed_out, "the PROXY header took too long");
    auto got = co_await stream.read_some(
        std::span(buffer).first(std::min(header.wanted(), buffer.size())), left);
    if (!got) co_return pass(got);
    if (*got == 0) co_return fail(ErrorKind::closed, "the peer closed the connection");
    if (Status fed = header.feed({buffer.data(), *got}); !fed) co_return fed;
  }
  if (header.client()) stream.set_peer(*header.client(), net::Stream::NamedBy::proxy);
  co_return Status();
}

}  // namespace posthorn::server::frame
