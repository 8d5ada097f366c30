#include "relay/connections.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "async/run.h"
#include "net/tls_context.h"
#include "relay/test_relay.h"

namespace posthorn::relay {
namespace {

using client::SmtpSecurity;
using EndpointPtr = std::shared_ptr<const client::SmtpEndpoint>;

/// A self-signed certificate for localhost.
struct Certificate {
  Certificate() {
    std::filesystem::create_directories(folder);
    const auto pair = net::ensure_self_signed(folder, {"localhost"});
    EXPECT_TRUE(pair);
    server = net::TlsContext::load({*pair}).value();
    trusting = net::TlsClientContext::make({.ca_file = pair->chain_file}).value();
  }
  ~Certificate() { std::filesystem::remove_all(folder); }
  std::string folder = testing::TempDir() + "posthorn_relay_" + std::to_string(::getpid());
  std::shared_ptr<net::TlsContext> server;
  std::shared_ptr<net::TlsClientContext> trusting;
};

class ConnectionsTest : public testing::Test {
 protected:
  EndpointPtr to(const TestRelay& relay, SmtpSecurity security,
                 std::shared_ptr<net::TlsClientContext> tls) {
    client::SmtpEndpoint endpoint;
    endpoint.host = "localhost";
    endpoint.port = relay.port();
    endpoint.security = security;
    endpoint.tls = std::move(tls);
    endpoint.hello_name = "mail.example.org";
    return std::make_shared<const client::SmtpEndpoint>(endpoint);
  }
  /// Returns "tls", "clear", or the reason why there is no connection.
  std::string connect(EndpointPtr endpoint) {
    return async::run_blocking(connect_and_close(pool_, std::move(endpoint)));
  }
  static async::Task<std::string> connect_and_close(async::OffloadPool& pool,
                                                    EndpointPtr endpoint) {
    Connections connections(pool);
    auto client = co_await connections.take(std::move(endpoint), {});
    if (!client) co_return client.error().text;
    std::string out = (*client)->stream().is_tls() ? "tls" : "clear";
    co_await connections.give(std::move(*client));
    EXPECT_FALSE(connections.empty());
    co_await connections.close(Connections::Which::all);
    co_return out;
  }
  static const Certificate& certificate() {
    static const Certificate one;
    return one;
  }
  async::OffloadPool pool_{1, 10};
};

TEST_F(ConnectionsTest, TlsFromTheFirstOctet) {
  TestRelay relay({.tls = certificate().server, .implicit_tls = true});
  EXPECT_EQ(connect(to(relay, SmtpSecurity::tls, certificate().trusting)), "tls");
}

TEST_F(ConnectionsTest, Starttls) {
  TestRelay relay({.starttls = true, .tls = certificate().server});
  EXPECT_EQ(connect(to(relay, SmtpSecurity::starttls, certificate().trusting)), "tls");
  EXPECT_EQ(connect(to(relay, SmtpSecurity::opportunistic, certificate().trusting)), "tls");
  EXPECT_EQ(connect(to(relay, SmtpSecurity::none, nullptr)), "clear");
}

TEST_F(ConnectionsTest, ACertificateOfSomebodyElseIsRefused) {
  TestRelay relay({.starttls = true, .tls = certificate().server});
  const auto system = net::TlsClientContext::make({}).value();
  EXPECT_TRUE(connect(to(relay, SmtpSecurity::starttls, system)).starts_with("TLS: "));
}

TEST_F(ConnectionsTest, OnlyOpportunisticGoesOnInClear) {
  TestRelay relay({.starttls = true});  // Its handshake fails.
  EXPECT_TRUE(
      connect(to(relay, SmtpSecurity::starttls, certificate().trusting)).starts_with("TLS: "));
  EXPECT_EQ(connect(to(relay, SmtpSecurity::opportunistic, certificate().trusting)), "clear");
  TestRelay without;
  EXPECT_EQ(connect(to(without, SmtpSecurity::opportunistic, certificate().trusting)), "clear");
  EXPECT_EQ(connect(to(without, SmtpSecurity::starttls, certificate().trusting)),
            "the server does not offer STARTTLS");
}

}  // namespace
}  // namespace posthorn::relay
