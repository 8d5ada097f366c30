#include "app/options.h"

#include "app/machine/descriptors.h"

#include <gtest/gtest.h>

#include "app/core.h"
#include "config/load.h"

// The default options of each component equal those made from a default configuration. Otherwise
// tests of a component would use values that the server never has.
namespace posthorn::app {
namespace {

config::Config says_nothing() {
  auto loaded = config::load_text("", "test.toml");
  EXPECT_TRUE(loaded) << loaded.error().text;
  return loaded->config;
}

TEST(Defaults, OfTheStoreAndItsEngine) {
  const config::Config config = says_nothing();
  const engine::RocksDbOptions engine;
  const engine::RocksDbOptions engine_made = engine_options(config);
  EXPECT_EQ(engine_made.cache_bytes, engine.cache_bytes);
  EXPECT_EQ(engine_made.write_buffer_bytes, engine.write_buffer_bytes);
  EXPECT_EQ(engine_made.max_open_files, engine.max_open_files);
  const store::StoreOptions store;
  const store::StoreOptions store_made = store_options(config);
  EXPECT_EQ(store_made.page_cache_bytes, store.page_cache_bytes);
  EXPECT_EQ(store_made.contents_budget_bytes, store.contents_budget_bytes);
  EXPECT_EQ(store_made.piece_sharing, store.piece_sharing);
  EXPECT_EQ(store_made.policy.horizon_seconds, store.policy.horizon_seconds);
  EXPECT_EQ(store_made.policy.content_seconds, store.policy.content_seconds);
}

TEST(Defaults, OfLogins) {
  const config::Config config = says_nothing();
  const auth::ThrottleLimits throttle;
  const auth::ThrottleLimits throttle_made = throttle_limits(config);
  EXPECT_EQ(throttle_made.free_guesses, throttle.free_guesses);
  EXPECT_EQ(throttle_made.first_delay, throttle.first_delay);
  EXPECT_EQ(throttle_made.longest_delay, throttle.longest_delay);
  EXPECT_EQ(throttle_made.forget_after, throttle.forget_after);
  EXPECT_EQ(throttle_made.trust_after_success, throttle.trust_after_success);
  const auth::Authenticator::Options login;
  const auto login_made = authenticator_options(config, "key", nullptr);
  EXPECT_EQ(login_made.remember_for, login.remember_for);
  EXPECT_EQ(login_made.sasl.decoy_iterations, login.sasl.decoy_iterations);
  const auth::SessionLimits::Bounds bounds;
  // The total is what the descriptors allow, of what the configuration asks for.
  Descriptors descriptors;
  descriptors.connections = config.limits.connections;
  const auth::SessionLimits::Bounds bounds_made = session_bounds(config, descriptors);
  EXPECT_EQ(bounds_made.total, bounds.total);
  EXPECT_EQ(bounds_made.per_user, bounds.per_user);
  EXPECT_EQ(bounds_made.per_network, bounds.per_network);
  EXPECT_EQ(bounds_made.before_login, bounds.before_login);
  EXPECT_EQ(bounds_made.before_login_per_network, bounds.before_login_per_network);
}

TEST(Defaults, OfImapAndPop3) {
  const config::Config config = says_nothing();
  const server::imap::ImapOptions imap;
  const server::imap::ImapOptions imap_made = imap_options(config);
  EXPECT_EQ(imap_made.plaintext, imap.plaintext);
  EXPECT_EQ(imap_made.max_message_octets, imap.max_message_octets);
  EXPECT_EQ(imap_made.max_line_octets, imap.max_line_octets);
  EXPECT_EQ(imap_made.max_literal_octets, imap.max_literal_octets);
  EXPECT_EQ(imap_made.sent_duplicate_window, imap.sent_duplicate_window);
  EXPECT_EQ(imap_made.login_time, imap.login_time);
  EXPECT_EQ(imap_made.idle_time, imap.idle_time);
  EXPECT_EQ(imap_made.keepalive, imap.keepalive);
  EXPECT_EQ(imap_made.failed_logins, imap.failed_logins);
  const server::pop3::Pop3Options pop3;
  const server::pop3::Pop3Options pop3_made = pop3_options(config);
  EXPECT_EQ(pop3_made.plaintext, pop3.plaintext);
  EXPECT_EQ(pop3_made.channel_binding, pop3.channel_binding);
  EXPECT_EQ(pop3_made.mark_seen, pop3.mark_seen);
  EXPECT_EQ(pop3_made.login_delay, pop3.login_delay);
  EXPECT_EQ(pop3_made.expire_days, pop3.expire_days);
  EXPECT_EQ(pop3_made.login_time, pop3.login_time);
  EXPECT_EQ(pop3_made.idle_time, pop3.idle_time);
  EXPECT_EQ(pop3_made.failed_logins, pop3.failed_logins);
}

// Without limits in the configuration, sending is not limited.
TEST(Defaults, OfLmtpAndSubmission) {
  const config::Config config = says_nothing();
  const server::lmtp::LmtpOptions lmtp;
  const server::lmtp::LmtpOptions lmtp_made = lmtp_options(config);
  EXPECT_EQ(lmtp_made.detail_separator, lmtp.detail_separator);
  EXPECT_EQ(lmtp_made.max_message_octets, lmtp.max_message_octets);
  const server::submission::SubmissionOptions submission;
  const server::submission::SubmissionOptions made = submission_options(config);
  EXPECT_EQ(made.detail_separator, submission.detail_separator);
  EXPECT_EQ(made.plaintext, submission.plaintext);
  EXPECT_EQ(made.channel_binding, submission.channel_binding);
  EXPECT_EQ(made.max_message_octets, submission.max_message_octets);
  EXPECT_EQ(made.max_recipients, submission.max_recipients);
  EXPECT_EQ(made.max_hold, submission.max_hold);
  EXPECT_EQ(made.client_trace, submission.client_trace);
  EXPECT_EQ(made.rules.keep_sent, submission.rules.keep_sent);
  EXPECT_EQ(made.rules.duplicate_window, submission.rules.duplicate_window);
  EXPECT_EQ(made.rules.give_up_after, submission.rules.give_up_after);
  EXPECT_EQ(made.login_time, submission.login_time);
  EXPECT_EQ(made.failed_logins, submission.failed_logins);
}

TEST(Defaults, OfTheRelay) {
  const auto made = relay_options(says_nothing());
  ASSERT_TRUE(made);
  const relay::RelayOptions relay;
  EXPECT_EQ(made->connections, relay.connections);
  EXPECT_EQ(made->recipients, relay.recipients);
  EXPECT_EQ(made->retry.first, relay.retry.first);
  EXPECT_EQ(made->retry.longest, relay.retry.longest);
  EXPECT_EQ(made->retry.warn_after, relay.retry.warn_after);
  EXPECT_EQ(made->times.connect, relay.times.connect);
  EXPECT_EQ(made->times.greeting, relay.times.greeting);
  EXPECT_EQ(made->times.command, relay.times.command);
  EXPECT_EQ(made->times.data, relay.times.data);
  EXPECT_EQ(made->times.block, relay.times.block);
  EXPECT_EQ(made->times.end, relay.times.end);
}

}  // namespace
}  // namespace posthorn::app
