#include "provider/provider.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <map>

#include "async/run.h"
#include "auth/token/test_signer.h"

namespace posthorn::provider {
namespace {

using auth::test::Signer;
using std::chrono::seconds;

constexpr Timestamp kNow{1'800'000'000};
const std::string kIssuer = "https://id.example.org";

/// A provider that answers as it is told.
struct FakeServer {
  Mutex mutex;
  std::map<std::string, Answer> answers POSTHORN_GUARDED_BY(mutex);
  std::map<std::string, int> asked POSTHORN_GUARDED_BY(mutex);
  bool down POSTHORN_GUARDED_BY(mutex) = false;
  std::string form POSTHORN_GUARDED_BY(mutex);
  std::string user POSTHORN_GUARDED_BY(mutex);

  Result<Answer> ask(const Request& request) {
    const MutexLock lock(mutex);
    ++asked[request.url];
    if (request.form) form = request.form->reveal();
    user = request.user;
    if (down) return fail(ErrorKind::unavailable, "down");
    const auto at = answers.find(request.url);
    return at == answers.end() ? Answer{404, "{}"} : at->second;
  }
};

class ProviderTest : public testing::Test {
 protected:
  ProviderTest() {
    set(kIssuer + "/.well-known/openid-configuration",
        R"({"issuer":"https://id.example.org","jwks_uri":"https://keys.example/jwks",)"
        R"("introspection_endpoint":"https://id.example.org/introspect"})");
    set("https://keys.example/jwks", old_.key_set());
  }

  void make(ProviderOptions options = {}) {
    options.rules = {.issuer = kIssuer, .audience = options.rules.audience};
    if (options.rules.audience.empty()) options.rules.audience = "mail";
    auto made = Provider::make(
        std::move(options), nullptr,
        [server = server_](const Request& request) { return server->ask(request); }, threads_,
        numbers_, [this] { return std::chrono::steady_clock::time_point(time_); });
    ASSERT_TRUE(made) << made.error().text;
    provider_ = std::move(*made);
  }
  void set(const std::string& url, std::string body, long status = 200) {
    const MutexLock lock(server_->mutex);
    server_->answers[url] = {status, std::move(body)};
  }
  void set_down(bool down) {
    const MutexLock lock(server_->mutex);
    server_->down = down;
  }
  int asked(const std::string& url) {
    const MutexLock lock(server_->mutex);
    return server_->asked[url];
  }
  /// Returns the user, the name of the fault, or "unavailable".
  std::string judged(const std::string& token, Timestamp now = kNow) {
    if (auto known = provider_->judge_now(token, now)) return text_of(*known);
    auto answer =
        async::run_blocking(provider_->ask(std::make_shared<const auth::Secret>(token), now));
    if (answer) return text_of(*answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::unavailable);
    return "unavailable";
  }
  static std::string text_of(const auth::TokenJudgement& judgement) {
    return judgement ? judgement->name : std::string(auth::name_of(judgement.error()));
  }
  static std::string token(const Signer& by, int expires = 1'800'000'300) {
    return by.token(fmt::format(R"({{"iss":"{}","aud":"mail","exp":{},"email":"ada@example.org"}})",
                                kIssuer, expires));
  }

  const std::shared_ptr<FakeServer> server_ = std::make_shared<FakeServer>();
  const Signer old_{Signer::Kind::ed25519, "old"};
  const Signer new_{Signer::Kind::ed25519, "new"};
  const Signer stranger_{Signer::Kind::ed25519, "stranger"};
  const std::string jwks_ = "https://keys.example/jwks";
  const std::string introspect_ = kIssuer + "/introspect";
  std::chrono::steady_clock::duration time_ = std::chrono::hours(1000);
  Numbers numbers_;
  Threads threads_;
  std::shared_ptr<Provider> provider_;
};

TEST_F(ProviderTest, KeysAreFoundAndKept) {
  make();
  EXPECT_FALSE(provider_->judge_now(token(old_), kNow));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(judged(token(old_)), "ada@example.org");
  EXPECT_EQ(judged(token(old_, 1'700'000'000)), "expired");
  EXPECT_EQ(asked(jwks_), 1);
  time_ += std::chrono::hours(2);
  EXPECT_EQ(judged(token(old_)), "ada@example.org");
  EXPECT_EQ(asked(jwks_), 2);
}

TEST_F(ProviderTest, AnUnknownKeyIsLookedForOnceAMinute) {
  make();
  EXPECT_EQ(judged(token(old_)), "ada@example.org");
  set(jwks_, new_.key_set());
  EXPECT_EQ(judged(token(new_)), "ada@example.org");
  EXPECT_EQ(asked(jwks_), 2);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(judged(token(stranger_)), "unknown_key");
  EXPECT_EQ(asked(jwks_), 2);
  time_ += seconds(61);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(judged(token(stranger_)), "unknown_key");
  EXPECT_EQ(asked(jwks_), 3);
  EXPECT_EQ(judged(token(old_)), "unknown_key");
}

TEST_F(ProviderTest, AProviderThatIsDownSaysNothingAboutTokens) {
  make();
  set_down(true);
  EXPECT_EQ(judged(token(old_)), "unavailable");
  EXPECT_EQ(judged(token(old_)), "unavailable");
  const int before = asked(kIssuer + "/.well-known/oauth-authorization-server");
  EXPECT_EQ(judged(token(old_)), "unavailable");  // It is not even asked so soon.
  EXPECT_EQ(asked(kIssuer + "/.well-known/oauth-authorization-server"), before);
  set_down(false);
  time_ += seconds(2);
  EXPECT_EQ(judged(token(old_)), "ada@example.org");

  // The keys that are known stay in use for a day, but do not say that another key does not exist.
  set_down(true);
  EXPECT_EQ(judged(token(stranger_)), "unavailable");
  EXPECT_EQ(judged(token(old_)), "ada@example.org");
  time_ += std::chrono::hours(2);
  EXPECT_EQ(judged(token(old_)), "ada@example.org");
  EXPECT_EQ(judged(token(stranger_)), "unavailable");
  time_ += std::chrono::hours(23);
  EXPECT_EQ(judged(token(old_)), "unavailable");
  set_down(false);
  time_ += seconds(2);
  EXPECT_EQ(judged(token(old_)), "ada@example.org");
  EXPECT_EQ(judged(token(stranger_)), "unknown_key");
}

TEST_F(ProviderTest, OldKeysDoNotRefuseWhatTheyDoNotKnow) {
  make();
  EXPECT_EQ(judged(token(old_)), "ada@example.org");
  set_down(true);
  time_ += std::chrono::hours(2);
  EXPECT_EQ(judged(token(new_)), "unavailable");
}

TEST_F(ProviderTest, KeysThatCannotBeUsedAreATemporaryFailure) {
  make();
  for (const auto& [body, status] : std::initializer_list<std::pair<std::string, long>>{
           {"", 200}, {"{}", 200}, {"<html>", 200}, {old_.key_set(), 302}, {old_.key_set(), 500}}) {
    set(jwks_, body, status);
    time_ += seconds(5);
    EXPECT_EQ(judged(token(old_)), "unavailable") << body << status;
  }
}

TEST_F(ProviderTest, MetadataCannotLeadToOtherSchemesOrIssuers) {
  make();
  for (const char* uri : {"http://127.0.0.1/jwks", "http://keys.example/jwks", "file:///etc/passwd",
                          "https://u:p@keys.example/jwks", ""}) {
    set(kIssuer + "/.well-known/openid-configuration",
        fmt::format(R"({{"issuer":"{}","jwks_uri":"{}"}})", kIssuer, uri));
    set(uri, old_.key_set());
    time_ += std::chrono::hours(2);
    EXPECT_EQ(judged(token(old_)), "unavailable") << uri;
    EXPECT_EQ(asked(uri), 0) << uri;
  }
  set(kIssuer + "/.well-known/openid-configuration",
      R"({"issuer":"https://evil.example","jwks_uri":"https://keys.example/jwks"})");
  time_ += std::chrono::hours(2);
  EXPECT_EQ(judged(token(old_)), "unavailable");
}

TEST_F(ProviderTest, AnswersAboutTokensAreKeptForATime) {
  make({.introspect = Introspect::opaque,
        .client_id = "posthorn",
        .client_secret = std::make_shared<const auth::Secret>("secret"),
        .introspection_time = seconds(60)});
  set(introspect_, R"({"active":true,"aud":"mail","email":"ada@example.org","exp":1800000030})");
  EXPECT_EQ(judged("opaque+1"), "ada@example.org");
  EXPECT_EQ(judged("opaque+1"), "ada@example.org");
  EXPECT_EQ(asked(introspect_), 1);
  {
    const MutexLock lock(server_->mutex);
    EXPECT_EQ(server_->form, "token=opaque%2B1&token_type_hint=access_token");
    EXPECT_EQ(server_->user, "posthorn");
  }
  EXPECT_EQ(judged("opaque+1", {kNow.seconds + 61}), "ada@example.org");
  EXPECT_EQ(asked(introspect_), 2);
  // Not beyond its end, with the tolerance of a minute.
  EXPECT_EQ(judged("opaque+1", {kNow.seconds + 89}), "ada@example.org");
  EXPECT_EQ(asked(introspect_), 2);
  EXPECT_EQ(judged("opaque+1", {kNow.seconds + 90}), "expired");
  EXPECT_EQ(asked(introspect_), 3);
  set(introspect_, R"({"active":false})");
  EXPECT_EQ(judged("opaque+2"), "inactive");
  EXPECT_EQ(judged("opaque+2"), "inactive");
  EXPECT_EQ(asked(introspect_), 4);
  EXPECT_EQ(judged("opaque+2", {kNow.seconds + 10}), "inactive");
  EXPECT_EQ(asked(introspect_), 5);
  // JWTs are checked with the keys.
  EXPECT_EQ(judged(token(old_)), "ada@example.org");
  EXPECT_EQ(asked(introspect_), 5);
}

TEST_F(ProviderTest, WithoutATimeNothingIsKept) {
  make({.introspect = Introspect::always, .introspection_time = seconds(0)});
  set(introspect_, R"({"active":true,"aud":"mail","email":"ada@example.org"})");
  EXPECT_EQ(judged(token(stranger_)), "ada@example.org");
  set(introspect_, R"({"active":false})");
  EXPECT_EQ(judged(token(stranger_)), "inactive");
  EXPECT_EQ(asked(jwks_), 0);
}

TEST_F(ProviderTest, AnAnswerThatIsNoneIsATemporaryFailure) {
  make({.introspect = Introspect::always});
  for (const auto& [body, status] :
       std::initializer_list<std::pair<std::string, long>>{{"", 200},
                                                           {"{}", 200},
                                                           {R"({"active":"false"})", 200},
                                                           {R"({"active":false})", 401},
                                                           {R"({"active":false})", 301},
                                                           {R"({"active":false})", 503}}) {
    set(introspect_, body, status);
    time_ += seconds(5);
    EXPECT_EQ(judged("x"), "unavailable") << body << status;
  }
  set(introspect_, R"({"active":false})");
  time_ += seconds(5);
  EXPECT_EQ(judged("x"), "inactive");
}

TEST_F(ProviderTest, ANewOneTakesOverTheKeys) {
  make();
  EXPECT_EQ(judged(token(old_)), "ada@example.org");
  const auto before = provider_;
  make();
  provider_->adopt(*before);
  set_down(true);
  EXPECT_EQ(judged(token(old_)), "ada@example.org");
  make({.jwks_url = "https://other.example/jwks"});
  provider_->adopt(*before);
  EXPECT_EQ(judged(token(old_)), "unavailable");
}

TEST_F(ProviderTest, IsExamined) {
  make({.introspect = Introspect::opaque});
  set(introspect_, R"({"active":false})");
  auto found = provider_->examine(kNow);
  ASSERT_TRUE(found.metadata && found.keys && found.introspection);
  EXPECT_TRUE(*found.metadata && *found.keys && *found.introspection);
  // An issuer that vouches for everything.
  set(introspect_, R"({"active":true,"aud":"mail","email":"ada@example.org"})");
  found = provider_->examine(kNow);
  EXPECT_EQ(found.introspection->error().kind, ErrorKind::corrupt);
  set(introspect_, "", 401);
  set(jwks_, R"({"keys":[]})");
  found = provider_->examine(kNow);
  EXPECT_TRUE(*found.metadata);
  EXPECT_FALSE(*found.keys);
  EXPECT_NE(found.introspection->error().text.find("401"), std::string::npos);

  // What is not needed is not asked for; and nothing follows metadata that cannot be used.
  make({.jwks_url = jwks_});
  found = provider_->examine(kNow);
  EXPECT_FALSE(found.metadata || found.introspection);
  EXPECT_TRUE(found.keys);
  set(kIssuer + "/.well-known/openid-configuration", R"({"issuer":"https://other.example"})");
  make();
  const int before = asked(jwks_);
  found = provider_->examine(kNow);
  ASSERT_TRUE(found.metadata && !*found.metadata);
  EXPECT_NE(found.metadata->error().text.find("another"), std::string::npos);
  EXPECT_EQ(asked(jwks_), before);
}

TEST(ProviderOptionsTest, AreChecked) {
  Threads threads;
  Numbers numbers;
  const auto complaint = [&](ProviderOptions options) {
    auto made = Provider::make(std::move(options), nullptr, {}, threads, numbers);
    return made ? std::string() : made.error().text;
  };
  const auth::TokenRules rules{.issuer = kIssuer, .audience = "mail"};
  EXPECT_EQ(complaint({.rules = rules}), "");
  EXPECT_NE(complaint({.rules = {.issuer = "id", .audience = "mail"}}).find("auth.oauth.issuer"),
            std::string::npos);
  EXPECT_NE(complaint({.rules = rules, .jwks_url = "http://x.example/"}).find("jwks_url"),
            std::string::npos);
  EXPECT_NE(complaint({.rules = rules, .introspection_url = "ftp://x/"}).find("introspection_url"),
            std::string::npos);
  EXPECT_NE(
      complaint({.rules = {.issuer = kIssuer}, .introspect = Introspect::opaque}).find("audience"),
      std::string::npos);
  EXPECT_EQ(complaint({.rules = {.issuer = kIssuer}, .introspect = Introspect::always}), "");
}

}  // namespace
}  // namespace posthorn::provider
