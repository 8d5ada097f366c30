#include <openssl/ssl.h>
#include <sys/stat.h>

#include <fstream>

#include "net/test_pair.h"

namespace posthorn::net {
namespace {

using namespace posthorn::net::testing;

Task<void> serve(Stream& stream, std::shared_ptr<TlsContext> context, Status& status) {
  status = co_await stream.start_tls(std::move(context), kSoon, "");
}

struct Handshake {
  Status server;
  Status client;
  Pair pair;
};

Task<Handshake> shake(std::shared_ptr<TlsContext> server, TlsClientOptions options,
                      std::string host) {
  Handshake result;
  result.pair = co_await connect_pair();
  Gate gate;
  gate.spawn(serve(*result.pair.server, std::move(server), result.server));
  result.client = co_await start_tls_client(
      *result.pair.client, TlsClientContext::make(options).value(), std::move(host), kSoon);
  // A client may refuse a certificate after the server has completed the handshake.
  if (!result.client) result.pair.client->shutdown_now();
  co_await gate.wait_empty();
  co_return result;
}

Task<void> verify_hosts() {
  const auto& tls = test_tls();
  const TlsClientOptions trusting{.ca_file = tls.pair.chain_file};
  EXPECT_TRUE((co_await shake(tls.server, trusting, "localhost")).client);
  EXPECT_TRUE((co_await shake(tls.server, trusting, "127.0.0.1")).client);
  const auto other = co_await shake(tls.server, trusting, "mail.example.org");
  EXPECT_FALSE(other.client);
  EXPECT_NE(other.client.error().cause.find("ostname mismatch"), std::string::npos)
      << other.client.error().cause;
  EXPECT_FALSE(other.pair.client->is_tls());
  const auto untrusted = co_await shake(tls.server, {}, "localhost");
  EXPECT_FALSE(untrusted.client);
  EXPECT_EQ(untrusted.client.error().kind, ErrorKind::syntax);
  EXPECT_FALSE(TlsClientContext::make({.ca_file = "/nonexistent"}));
}

TEST(Tls, ClientVerifiesChainAndHost) { run_blocking(verify_hosts()); }

Task<void> bindings() {
  Pair pair = co_await make_pair({"tls", true});
  for (const std::string_view type : {"tls-server-end-point", "tls-exporter"}) {
    const std::string at_server = pair.server->channel_binding(type);
    EXPECT_EQ(at_server.size(), 32U) << type;
    EXPECT_EQ(at_server, pair.client->channel_binding(type)) << type;
  }
  EXPECT_EQ(pair.server->channel_binding("tls-unique"), "");
  Pair second = co_await make_pair({"tls", true});
  EXPECT_EQ(pair.server->channel_binding("tls-server-end-point"),
            second.server->channel_binding("tls-server-end-point"));
  EXPECT_NE(pair.server->channel_binding("tls-exporter"),
            second.server->channel_binding("tls-exporter"));
  Pair clear = co_await connect_pair();
  EXPECT_EQ(clear.server->channel_binding("tls-exporter"), "");
}

TEST(Tls, ChannelBindingsAgree) { run_blocking(bindings()); }

Task<void> serve_imap(Stream& stream, Status& status) {
  status = co_await stream.start_tls(test_tls().server, kSoon, "imap");
}

/// A handshake of a client that offers these protocols (as on the wire; empty: none) with a server
/// that speaks IMAP. Returns whether both sides agree.
Task<bool> agree(std::string offered) {
  Pair pair = co_await connect_pair();
  Gate gate;
  Status served;
  gate.spawn(serve_imap(*pair.server, served));
  const auto context = TlsClientContext::make({.verify = false}).value();
  SSL_CTX_set_alpn_protos(context->native().get(),
                          reinterpret_cast<const unsigned char*>(offered.data()),
                          static_cast<unsigned>(offered.size()));
  const Status status = co_await start_tls_client(*pair.client, context, "localhost", kSoon);
  co_await gate.wait_empty();
  co_return served.has_value() && status.has_value();
}

Task<void> alpn() {
  EXPECT_TRUE(co_await agree(""));
  EXPECT_TRUE(co_await agree("\4imap"));
  EXPECT_TRUE(co_await agree("\2h2\4imap"));
  EXPECT_FALSE(co_await agree("\2h2\10http/1.1"));
  EXPECT_FALSE(co_await agree("\5imaps"));
}

// RFC 7301 §3.2.
TEST(Tls, AClientThatWantsAnotherProtocolIsRefused) { run_blocking(alpn()); }

// RFC 9051 §6.2.1; CVE-2011-0411 and similar.
Task<void> inject(std::string clear) {
  Pair pair = co_await connect_pair();
  EXPECT_TRUE(co_await pair.client->write(clear, kSoon));
  const auto status = co_await pair.server->start_tls(test_tls().server, kSoon, "");
  EXPECT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::syntax);
  EXPECT_FALSE(pair.server->is_tls());
  char buffer[100];
  EXPECT_FALSE(co_await pair.server->read_some(buffer, kSoon)) << "clear text got through";
  EXPECT_FALSE(co_await pair.server->wait_readable(kSoon));
  EXPECT_FALSE(co_await pair.server->write("* OK\r\n", kSoon));
}

TEST(Tls, ClearTextAfterStartTlsIsRefused) {
  run_blocking(inject("a2 LOGIN joe secret\r\n"));
  run_blocking(inject("\x16garbage that begins as a record does\r\n"));
}

Task<void> late_handshake() {
  Pair pair = co_await connect_pair();
  const auto nothing = co_await pair.server->start_tls(test_tls().server, 20ms, "");
  EXPECT_EQ(nothing.error().kind, ErrorKind::timed_out);
  Pair half = co_await connect_pair();
  EXPECT_TRUE(co_await half.client->write("\x16\x03\x01", kSoon));
  const auto cut = co_await half.server->start_tls(test_tls().server, 20ms, "");
  EXPECT_EQ(cut.error().kind, ErrorKind::timed_out);
  char buffer[10];
  EXPECT_FALSE(co_await half.server->read_some(buffer, 20ms));
  Pair gone = co_await connect_pair();
  gone.client.reset();
  EXPECT_EQ((co_await gone.server->start_tls(test_tls().server, kSoon, "")).error().kind,
            ErrorKind::closed);
}

TEST(Tls, AHandshakeThatDoesNotComeTimesOut) { run_blocking(late_handshake()); }

Task<void> no_certificate() {
  Pair pair = co_await connect_pair();
  const auto started = co_await pair.server->start_tls(nullptr, kSoon, "");
  EXPECT_EQ(started.error().kind, ErrorKind::not_supported);
  EXPECT_FALSE(pair.server->is_tls());
  // The client was told to start TLS, so nothing may follow in clear.
  EXPECT_FALSE(co_await pair.server->write("secret", kSoon));
}

TEST(Tls, WithoutACertificateThereIsAnErrorAndNoCrash) { run_blocking(no_certificate()); }

Task<void> not_twice() {
  Pair pair = co_await make_pair({"both", true, true});
  EXPECT_EQ((co_await pair.server->start_tls(test_tls().server, kSoon, "")).error().kind,
            ErrorKind::bad_argument);
  EXPECT_EQ(pair.server->start_deflate().error().kind, ErrorKind::bad_argument);
  EXPECT_TRUE(pair.server->is_tls());
}

TEST(Tls, LayersBeginOnce) { run_blocking(not_twice()); }

std::string slurp(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void spill(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

Task<std::string> end_point(std::shared_ptr<TlsContext> server, std::string host) {
  auto made = co_await shake(std::move(server), {.verify = false}, std::move(host));
  EXPECT_TRUE(made.client);
  co_return made.pair.client->channel_binding("tls-server-end-point");
}

TEST(TlsContext, ReloadKeepsTheOldPairWhenTheNewIsBad) {
  const TemporaryFolder a;
  const TemporaryFolder b;
  const auto pair = ensure_self_signed(a.path, {"localhost"}).value();
  const auto other = ensure_self_signed(b.path, {"localhost"}).value();
  const auto context = TlsContext::load({pair}).value();
  const std::string before = run_blocking(end_point(context, "localhost"));

  const std::string key = slurp(pair.key_file);
  spill(pair.key_file, slurp(other.key_file));  // The key of another certificate.
  EXPECT_EQ(context->reload().error().kind, ErrorKind::bad_argument);
  spill(pair.key_file, "nonsense");
  EXPECT_FALSE(context->reload());
  spill(pair.key_file, key);
  const std::string chain = slurp(pair.chain_file);
  spill(pair.chain_file, chain.substr(0, chain.size() / 2));
  EXPECT_FALSE(context->reload());
  EXPECT_EQ(run_blocking(end_point(context, "localhost")), before);

  spill(pair.chain_file, slurp(other.chain_file));
  spill(pair.key_file, slurp(other.key_file));
  EXPECT_TRUE(context->reload());
  EXPECT_NE(run_blocking(end_point(context, "localhost")), before);
}

TEST(TlsContext, TheNameAskedForChoosesTheCertificate) {
  const TemporaryFolder a;
  const TemporaryFolder b;
  const auto first = ensure_self_signed(a.path, {"mail.example.org"}).value();
  const auto second = ensure_self_signed(b.path, {"imap.example.net", "*.example.com"}).value();
  const auto context = TlsContext::load({first, second}).value();
  const std::string one = run_blocking(end_point(context, "mail.example.org"));
  const std::string two = run_blocking(end_point(context, "imap.example.net"));
  EXPECT_NE(one, two);
  EXPECT_EQ(run_blocking(end_point(context, "x.example.com")), two);
  EXPECT_EQ(run_blocking(end_point(context, "imap.example.net.")), two) << "trailing dot";
  EXPECT_EQ(run_blocking(end_point(context, "IMAP.example.NET")), two);
  EXPECT_EQ(run_blocking(end_point(context, "unknown.example")), one);
  EXPECT_EQ(run_blocking(end_point(context, "")), one);
}

TEST(TlsContext, LoadNamesTheBadFile) {
  const auto missing = TlsContext::load({{"/nonexistent/cert.pem", "/nonexistent/key.pem"}});
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().text.find("/nonexistent/cert.pem"), std::string::npos);
}

TEST(SelfSigned, IsMadeOnceAndPrivate) {
  const TemporaryFolder folder;
  const auto pair = ensure_self_signed(folder.path, {"localhost", "::1"}).value();
  for (const auto& file : {pair.chain_file, pair.key_file}) {
    struct stat info{};
    ASSERT_EQ(::stat(file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << file;
  }
  const std::string chain = slurp(pair.chain_file);
  EXPECT_TRUE(ensure_self_signed(folder.path, {"other"}));
  EXPECT_EQ(slurp(pair.chain_file), chain);
  const auto days = TlsContext::load({pair}).value()->days_to_expiry();
  EXPECT_GE(days, 3650);
  EXPECT_LE(days, 3653);

  const std::string key = slurp(pair.key_file);
  std::filesystem::remove(pair.chain_file);
  EXPECT_TRUE(ensure_self_signed(folder.path, {"localhost"}));
  EXPECT_EQ(slurp(pair.key_file), key) << "a key that is there is used";
  EXPECT_TRUE(TlsContext::load({pair}));
  std::filesystem::remove(pair.key_file);
  EXPECT_EQ(ensure_self_signed(folder.path, {"localhost"}).error().kind, ErrorKind::bad_argument);
}

TEST(SelfSigned, RefusesWhatIsNoName) {
  const TemporaryFolder folder;
  for (const std::string name : {"", "a,DNS:b", "a b", "\n", "a=b"}) {
    EXPECT_FALSE(ensure_self_signed(folder.path, {name})) << name;
  }
  EXPECT_FALSE(ensure_self_signed(folder.path, {}));
  EXPECT_FALSE(ensure_self_signed("/nonexistent", {"localhost"}));
  EXPECT_FALSE(std::filesystem::exists(folder.file("key.pem"))) << "nothing half done";
}

}  // namespace
}  // namespace posthorn::net
