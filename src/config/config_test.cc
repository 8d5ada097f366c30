#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <source_location>
#include <sstream>

#include "config/load.h"
#include "config/schema.h"
#include "config/show.h"
#include "config/suggest.h"

namespace posthorn::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string error_of(std::string_view toml, const Sources& sources = {}) {
  const auto loaded = load_text(toml, "posthorn.toml", sources);
  return loaded ? "no error" : loaded.error().text;
}

Config good(std::string_view toml, const Sources& sources = {}) {
  auto loaded = load_text(toml, "posthorn.toml", sources);
  EXPECT_TRUE(loaded.has_value()) << loaded.error().text;
  return loaded ? loaded->config : Config{};
}

TEST(Schema, HasDefaultsWithinItsOwnBounds) {
  std::set<std::string> names;
  std::set<std::string> variables;
  for (const Key& key : schema()) {
    Config config;
    const auto status = assign_text(config, key, key.fallback);
    EXPECT_TRUE(status.has_value()) << key.name;
    EXPECT_TRUE(names.insert(std::string(key.name)).second) << key.name;
    EXPECT_TRUE(variables.insert(environment_name(key)).second) << key.name;
    EXPECT_TRUE(key.doc.ends_with('.') || key.doc.ends_with(')') || key.doc.ends_with("none."))
        << key.name;
    EXPECT_EQ(key.doc.find('|'), std::string_view::npos) << key.name;  // It stands in a table.
    for (const std::string_view bound : {key.min, key.max}) {
      if (!bound.empty()) EXPECT_TRUE(assign_text(config, key, bound)) << key.name;
    }
  }
}

TEST(Config, NeedsNothing) {
  const Config c = good("");
  EXPECT_EQ(c.data_dir, "/var/lib/posthorn");
  EXPECT_THAT(c.listen.imap, ElementsAre(Endpoint{"*", 143}));
  EXPECT_TRUE(c.listen.lmtp.empty());
  EXPECT_EQ(c.limits.message_size, 100'000'000U);
  EXPECT_EQ(c.limits.per_user, 50U);
  EXPECT_EQ(c.limits.idle_timeout, std::chrono::minutes(30));
  EXPECT_EQ(c.storage.journal_horizon, std::chrono::days(30));
  EXPECT_EQ(c.storage.piece_sharing, PieceSharing::server);
  EXPECT_EQ(c.auth.allow_plaintext_without_tls, PlaintextLogin::never);
  EXPECT_EQ(c.imap.keepalive, std::chrono::seconds(120));
  EXPECT_EQ(c.log.level, log::Level::info);
  EXPECT_TRUE(c.tls.self_signed_when_missing);
  EXPECT_EQ(path_in(c, c.listen.lmtp_socket), "/var/lib/posthorn/lmtp.sock");
  EXPECT_EQ(path_in(c, "/run/x"), "/run/x");
  EXPECT_EQ(path_in(c, ""), "");
}

// tests/cli/reload_test.py changes each of these while a server runs, except for the sweep's bounds
// (store/upkeep/sweep_test.cc), the idle timeout, which is at least half an hour, the iterations,
// and the settings of submission.
TEST(Config, WhatSighupTakesOver) {
  std::vector<std::string_view> live;
  for (const Key& key : schema())
    if (key.reload == Reload::yes) live.push_back(key.name);
  EXPECT_THAT(
      live,
      ElementsAre(
          "domains", "tls.certificate", "tls.key", "tls.key_password", "tls.more_certificates",
          "tls.more_keys", "tls.min_version", "limits.message_size", "limits.trusted_proxies",
          "limits.trusted_gateways", "limits.preauth_timeout", "limits.failed_logins",
          "limits.idle_timeout", "limits.command_line", "limits.literal", "storage.journal_horizon",
          "storage.expunged_retention", "storage.min_free", "retention.trash", "retention.junk",
          "retention.users_may_change", "mailboxes.recently_deleted", "auth.iterations",
          "auth.scram", "auth.upgrade_hashes", "auth.allow_plaintext_without_tls",
          "auth.channel_binding", "auth.import.max_iterations", "auth.import.max_bcrypt_cost",
          "auth.import.max_memory", "auth.oauth.issuer", "auth.oauth.audience",
          "auth.oauth.jwks_file", "auth.oauth.jwks_url", "auth.oauth.user_claim",
          "auth.oauth.scope", "auth.oauth.introspect", "auth.oauth.introspection_url",
          "auth.oauth.client_id", "auth.oauth.client_secret", "auth.oauth.ca_file",
          "auth.oauth.timeout", "auth.oauth.keys_time", "auth.oauth.introspection_time",
          "auth.oauth.end_sessions", "imap.keepalive", "imap.disabled_capabilities",
          "imap.extra_capabilities", "imap.server_metadata", "sharing.anyone", "sharing.subscribe",
          "sharing.private_flags", "sharing.groups", "pop3.mark_seen", "pop3.idle_timeout",
          "pop3.login_delay", "pop3.expire_days", "lmtp.detail_separator", "submission.save_sent",
          "submission.duplicate_window", "submission.show_client", "submission.max_recipients",
          "submission.max_hold", "submission.messages_per_hour", "submission.messages_per_day",
          "submission.recipients_per_hour", "submission.recipients_per_day", "relay.host",
          "relay.port", "relay.tls", "relay.ca_file", "relay.user", "relay.password",
          "relay.connections", "relay.recipients", "relay.connect_timeout", "relay.timeout",
          "relay.retry_first", "relay.retry_longest", "relay.warn_after", "relay.expire_after",
          "forwarding.srs_domain", "forwarding.max_addresses", "forwarding.recipients_per_hour",
          "log.level", "log.format", "quota.default_size", "quota.default_messages",
          "quota.kept_factor"));
}

TEST(Config, TrustedNetworksAreNetworks) {
  const Config c = good("limits.trusted_proxies = [\"192.0.2.0/24\", \"2001:db8::1\"]");
  EXPECT_THAT(c.limits.trusted_proxies, ElementsAre("192.0.2.0/24", "2001:db8::1"));
  EXPECT_THAT(error_of("limits.trusted_gateways = [\"proxy.example.org\"]"),
              HasSubstr("'limits.trusted_gateways': 'proxy.example.org' must be an address or a "
                        "network such as 192.0.2.0/24"));
}

TEST(Config, ExtraCapabilitiesAreKnownOnes) {
  const Config c = good("imap.extra_capabilities = [\"UNAUTHENTICATE\"]");
  EXPECT_THAT(c.imap.extra_capabilities, ElementsAre("UNAUTHENTICATE"));
  EXPECT_THAT(error_of("imap.extra_capabilities = [\"IDLE\"]"),
              HasSubstr("'imap.extra_capabilities' cannot contain 'IDLE'"));
}

TEST(Config, ServerMetadataHasNamesAndValues) {
  EXPECT_EQ(good("imap.server_metadata = [\"/shared/comment=a=b\"]").imap.server_metadata.size(),
            1U);
  for (const char* entry : {"/shared/comment", "/private/comment=x", "/shared/=x", "/shared=x",
                            "shared/comment=x", "/shared/a%=x", "/shared/a//b=x"})
    EXPECT_THAT(error_of(fmt::format("imap.server_metadata = [\"{}\"]", entry)),
                HasSubstr("'imap.server_metadata' cannot contain"))
        << entry;
}

TEST(Config, ReadsEveryForm) {
  const Config c = good(R"(
data_dir = "/srv/mail"
domains = ["example.org", "example.com"]
[listen]
imap = ["127.0.0.1:1143", "[::1]:1143"]
imaps = []
lmtp = "*:24"
[tls]
self_signed_when_missing = false
min_version = "1.3"
[limits]
message_size = "64MiB"
per_user = 10
preauth_timeout = "1m30s"
command_line = 65536
[storage]
piece_sharing = "account"
[auth.throttle]
first_delay = "250ms"
)");
  EXPECT_EQ(c.data_dir, "/srv/mail");
  EXPECT_THAT(c.domains, ElementsAre("example.org", "example.com"));
  EXPECT_THAT(c.listen.imap, ElementsAre(Endpoint{"127.0.0.1", 1143}, Endpoint{"::1", 1143}));
  EXPECT_TRUE(c.listen.imaps.empty());
  EXPECT_THAT(c.listen.lmtp, ElementsAre(Endpoint{"*", 24}));
  EXPECT_FALSE(c.tls.self_signed_when_missing);
  EXPECT_EQ(c.tls.min_version, TlsVersion::v1_3);
  EXPECT_EQ(c.limits.message_size, 64U << 20);
  EXPECT_EQ(c.limits.per_user, 10U);
  EXPECT_EQ(c.limits.preauth_timeout, std::chrono::seconds(90));
  EXPECT_EQ(c.limits.command_line, 65536U);
  EXPECT_EQ(c.storage.piece_sharing, PieceSharing::account);
  EXPECT_EQ(c.auth.throttle.first_delay, std::chrono::milliseconds(250));
}

TEST(Config, NamesPlaceAndTheKeyMeant) {
  EXPECT_EQ(error_of("\n[listen]\nimap_prot = \"*:143\"\n"),
            "posthorn.toml:3: unknown key 'listen.imap_prot'; did you mean 'listen.imap'?");
  EXPECT_EQ(error_of("[limits]\nper_usr = 5"),
            "posthorn.toml:2: unknown key 'limits.per_usr'; did you mean 'limits.per_user'?");
  EXPECT_EQ(error_of("per_user = 5"),
            "posthorn.toml:1: unknown key 'per_user'; did you mean 'limits.per_user'?");
  EXPECT_EQ(error_of("zzzzzzzzzzzzzz = 5"), "posthorn.toml:1: unknown key 'zzzzzzzzzzzzzz'");
}

TEST(Config, SaysWhatIsWrongWithAValue) {
  EXPECT_EQ(error_of("[limits]\nper_user = 0"),
            "posthorn.toml:2: 'limits.per_user' must be at least 1");
  EXPECT_EQ(error_of("[limits]\nper_user = -1"),
            "posthorn.toml:2: 'limits.per_user' must be a whole number");
  EXPECT_EQ(error_of("[limits]\nper_user = \"many\""),
            "posthorn.toml:2: 'limits.per_user' must be a whole number, without quotes");
  EXPECT_EQ(error_of("[limits]\nidle_timeout = \"5m\""),
            "posthorn.toml:2: 'limits.idle_timeout' must be at least 30m");
  EXPECT_EQ(error_of("[storage]\nexpunged_retention = \"23h\""),
            "posthorn.toml:2: 'storage.expunged_retention' must be at least 24h");
  EXPECT_EQ(error_of("[storage]\npiece_sharing = \"planet\""),
            "posthorn.toml:2: 'storage.piece_sharing' must be one of \"server\", \"domain\", "
            "\"account\"");
  EXPECT_THAT(error_of("[tls]\nself_signed_when_missing = \"yes\""),
              HasSubstr("must be true or false"));
  EXPECT_THAT(error_of("[listen]\nimap = [\"143\"]"), HasSubstr("\"address:port\""));
  EXPECT_THAT(error_of("[listen]\nimap = [143]"), HasSubstr("must be a list of strings"));
  EXPECT_THAT(error_of("[listen]\nimap = \"::1:143\""), HasSubstr("\"[address]:port\""));
  EXPECT_THAT(error_of("data_dir = [\"/a\", \"/b\"]"), HasSubstr("must be a string"));
  EXPECT_THAT(error_of("listen = 5"), HasSubstr("unknown key 'listen'"));
  EXPECT_THAT(error_of("[limits]\nmessage_size = 1979-05-27"), HasSubstr("must be a string"));
}

TEST(Config, TellsEverythingWrongAtOnce) {
  EXPECT_EQ(error_of("[limits]\nper_user = 0\nper_adress = 3\n"),
            "posthorn.toml:2: 'limits.per_user' must be at least 1\n"
            "posthorn.toml:3: unknown key 'limits.per_adress'; did you mean 'limits.per_address'?");
}

TEST(Config, PassesOnSyntaxErrorsWithTheirLine) {
  EXPECT_THAT(error_of("data_dir = \"/a\"\n[limits\n"), HasSubstr("posthorn.toml:2: "));
  EXPECT_THAT(error_of("a = \"\xff\xff\""), HasSubstr("posthorn.toml:1: "));
  EXPECT_NE(error_of("a = " + std::string(100'000, '[')), "no error");
}

TEST(Config, ChecksWhatMustGoTogether) {
  EXPECT_EQ(error_of("[tls]\ncertificate = \"/c.pem\""),
            "posthorn.toml:2: 'tls.certificate' requires 'tls.key' as well");
  EXPECT_THAT(error_of("[tls]\ncertificate = \"/c\"\nkey = \"/k\"\n"
                       "more_certificates = [\"/a\", \"/b\"]\nmore_keys = [\"/x\"]"),
              HasSubstr("has 2 files and 'tls.more_keys' 1"));
  EXPECT_THAT(error_of("[tls]\nmore_certificates = [\"/a\"]\nmore_keys = [\"/x\"]"),
              HasSubstr("requires 'tls.certificate'"));
  EXPECT_THAT(error_of("[storage]\njournal_horizon = \"2d\""), HasSubstr("must not be longer"));
  EXPECT_THAT(error_of("[storage]\nmin_free = \"much\""),
              HasSubstr("posthorn.toml:2: 'storage.min_free' must be"));
  EXPECT_EQ(error_of("[retention]\ntrash = \"1h\""),
            "posthorn.toml:2: 'retention.trash' must be at least 1d, or 0");
  EXPECT_EQ(error_of("[retention]\njunk = \"1d\""), "no error");
  EXPECT_THAT(error_of("[listen]\nlmtp = [\"*:25\"]"), HasSubstr("RFC 2033"));
  EXPECT_THAT(error_of("[lmtp]\ndetail_separator = \"@\""), HasSubstr("one character"));
  EXPECT_THAT(error_of("[relay]\nuser = \"ann\""), HasSubstr("requires 'relay.password'"));
  EXPECT_THAT(error_of("[relay]\nuser = \"a\"\npassword = \"b\"\ntls = \"opportunistic\""),
              HasSubstr("posthorn.toml:4: 'relay.tls' must be"));
  EXPECT_THAT(error_of("[relay]\nretry_first = \"2h\""), HasSubstr("'relay.retry_longest'"));
  EXPECT_THAT(error_of("[relay]\nexpire_after = \"1h\""), HasSubstr("'relay.expire_after'"));
}

TEST(Config, PrefersCommandLineToEnvironmentToFile) {
  Sources sources;
  const std::string_view toml = "[limits]\nper_user = 10\nper_address = 10\nconnections = 10\n";
  sources.environment = {{"POSTHORN_LIMITS_PER_USER", "20"},
                         {"POSTHORN_LIMITS_PER_ADDRESS", "20"},
                         {"POSTHORN_LISTEN_IMAP", "*:1, [::1]:2"},
                         {"POSTHORN_SHARED_MAIL", "/elsewhere"},
                         {"HOME", "/root"}};
  sources.overrides = {{"limits.per_user", "30"}};
  const auto loaded = load_text(toml, "f.toml", sources);
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->config.limits.per_user, 30U);
  EXPECT_EQ(loaded->config.limits.per_address, 20U);
  EXPECT_EQ(loaded->config.limits.connections, 10U);
  EXPECT_EQ(loaded->config.listen.imap.size(), 2U);
  EXPECT_EQ(loaded->origins.at("limits.per_user"), "command line");
  EXPECT_EQ(loaded->origins.at("limits.per_address"), "environment POSTHORN_LIMITS_PER_ADDRESS");
  EXPECT_EQ(loaded->origins.at("limits.connections"), "f.toml:4");
  EXPECT_EQ(loaded->origins.at("log.level"), "default");
  EXPECT_TRUE(loaded->warnings.empty());
}

TEST(Config, ErrorsOfEnvironmentAndCommandLineSaySo) {
  EXPECT_EQ(error_of("", {.path = {}, .environment = {{"POSTHORN_LOG_LEVEL", "loud"}}}),
            "environment POSTHORN_LOG_LEVEL: 'log.level' must be one of \"debug\", \"info\", "
            "\"warning\", \"error\", \"off\"");
  EXPECT_EQ(error_of("", {.path = {}, .environment = {}, .overrides = {{"log.levl", "info"}}}),
            "command line: unknown key 'log.levl'; did you mean 'log.level'?");
  const auto loaded =
      load_text("", "", {.path = {}, .environment = {{"POSTHORN_LOG_LEVLE", "info"}}});
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->warnings.size(), 1U);
  EXPECT_THAT(loaded->warnings[0], HasSubstr("POSTHORN_LOG_LEVEL?"));
}

constexpr std::string_view kLdap = R"toml(
domains = ["example.org"]
directories = ["internal", "work"]
[directory.work]
kind = "ldap"
servers = ["ldap://a.example.org", "ldaps://b.example.org"]
base = "dc=example,dc=org"
filter = "(mail=%{name})"
)toml";

TEST(Directories, HaveKeysOfTheirOwn) {
  const Config c = good(kLdap);
  EXPECT_THAT(c.directories, ElementsAre("internal", "work"));
  ASSERT_EQ(c.directory.size(), 1U);
  const Directory& work = c.directory.front();
  EXPECT_EQ(work.name, "work");
  EXPECT_EQ(work.kind, DirectoryKind::ldap);
  EXPECT_EQ(work.servers.size(), 2U);
  EXPECT_EQ(work.tls, DirectoryTls::starttls);
  EXPECT_EQ(work.cache_time, std::chrono::minutes(5));
  EXPECT_EQ(work.name_attribute, "mail");
  EXPECT_THAT(good("").directories, ElementsAre("internal"));
  EXPECT_TRUE(good("").directory.empty());
}

TEST(Directories, CanBeSetOnTheCommandLine) {
  const Config c = good(kLdap, {.path = {},
                                .environment = {},
                                .overrides = {{"directory.work.base", "dc=a,dc=b"},
                                              {"directory.work.connections", "7"},
                                              {"directory.work.servers", "ldap://x, ldap://y"}}});
  EXPECT_EQ(c.directory.front().base, "dc=a,dc=b");
  EXPECT_EQ(c.directory.front().connections, 7U);
  EXPECT_THAT(c.directory.front().servers, ElementsAre("ldap://x", "ldap://y"));
}

TEST(Directories, MistakesAreNamed) {
  const auto with = [](std::string_view more) {
    return error_of(std::string(kLdap) + std::string(more));
  };
  EXPECT_EQ(error_of("directories = [\"internal\", \"work\"]"),
            "posthorn.toml:1: 'directories' contains 'work', but there is no [directory.work]");
  EXPECT_THAT(error_of("directories = []"), HasSubstr("must not be empty"));
  EXPECT_THAT(with("bsae = \"x\""), HasSubstr("unknown key 'directory.work.bsae'; did you mean "
                                              "'directory.NAME.base'?"));
  EXPECT_THAT(with("timeout = \"1ms\""),
              HasSubstr("posthorn.toml:9: 'directory.work.timeout' must be at least 100ms"));
  EXPECT_THAT(with("user_query = \"SELECT\""),
              HasSubstr("'directory.work.user_query' is not a key of this kind of directory"));
  EXPECT_THAT(with("bind_dn = \"cn=x\""), HasSubstr("need each other"));
  EXPECT_THAT(with("alias_filter = \"(x=%{mail})\""), HasSubstr("nothing else in %{...}"));
  EXPECT_THAT(with("negative_cache_time = \"1h\""), HasSubstr("must not be longer"));
  EXPECT_THAT(with("[directory.x]\n"), testing::Eq("no error"));
  EXPECT_THAT(with("[directory.x]\nkind = \"ldap\"\nservers = \"http://x\""),
              HasSubstr("cannot contain 'http://x'"));
  EXPECT_THAT(with("[directory.X]\nkind = \"sqlite\""), HasSubstr("small letters"));
  EXPECT_THAT(with("[directory.x]\ncache_time = \"1m\""),
              HasSubstr("'directory.x.kind' must be one of"));
  EXPECT_THAT(with("[directory.x]\nkind = \"sqlite\"\nfile = \"a\"\n"
                   "user_query = \"SELECT 1 WHERE n = '%{name}'\""),
              HasSubstr("must not have quotes"));
  EXPECT_THAT(error_of("directories = [\"x\"]\n[directory.x]\nkind = \"saslauthd\""),
              HasSubstr("'directory.x.domains' or 'domains' must name"));
  EXPECT_THAT(error_of("domains = [\"a\"]\ndirectories = [\"x\", \"internal\"]\n"
                       "[directory.x]\nkind = \"saslauthd\""),
              HasSubstr("must have \"internal\" before 'x'"));
}

class Files : public testing::Test {
 protected:
  Files() { std::filesystem::create_directories(folder_); }
  ~Files() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& content) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << content;
    return path;
  }
  std::string folder_ = testing::TempDir() + "posthorn_config_" +
                        testing::UnitTest::GetInstance()->current_test_info()->name() +
                        std::to_string(getpid());
};

TEST_F(Files, ReadsSecretsFromFilesButNeverShowsThem) {
  write("key.secret", "open sesame\n");
  const std::string toml = "[tls]\nkey_password_file = \"key.secret\"\n";
  Sources sources{.path = write("posthorn.toml", toml)};
  sources.overrides = {{"data_dir", folder_}};
  const auto loaded = load(sources);
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->config.tls.key_password, "open sesame");
  EXPECT_THAT(loaded->origins.at("tls.key_password"),
              HasSubstr("posthorn.toml:2, from key.secret"));
  EXPECT_THAT(show(*loaded), HasSubstr("(set, not shown)"));
  EXPECT_THAT(show(*loaded), testing::Not(HasSubstr("sesame")));

  sources.environment = {{"POSTHORN_TLS_KEY_PASSWORD", "other"}};
  EXPECT_EQ(load(sources)->config.tls.key_password, "other");
  sources.environment = {{"POSTHORN_TLS_KEY_PASSWORD_FILE", "missing"}};
  EXPECT_THAT(load(sources).error().text, HasSubstr("missing: No such file"));
}

TEST_F(Files, ReadsTheSecretsOfDirectories) {
  write("ldap.secret", "open sesame\n");
  Sources sources{.path = write("posthorn.toml", std::string(kLdap) +
                                                     "bind_dn = \"cn=x\"\n"
                                                     "bind_password_file = \"ldap.secret\"\n")};
  sources.overrides = {{"data_dir", folder_}};
  const auto loaded = load(sources);
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->config.directory.front().bind_password, "open sesame");
  EXPECT_THAT(show(*loaded), HasSubstr("[directory.work]\nkind = \"ldap\""));
  EXPECT_THAT(show(*loaded), testing::Not(HasSubstr("sesame")));
  const Difference changed = difference(good(kLdap), loaded->config);
  EXPECT_THAT(changed.need_restart, testing::Contains("directory.work.bind_dn"));
}

TEST_F(Files, SaysWhenTheFileIsNotThere) {
  const auto loaded = load({.path = folder_ + "/none.toml"});
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::not_found);
  EXPECT_THAT(loaded.error().text, HasSubstr("none.toml: No such file"));
}

TEST(Show, IsItselfAConfiguration) {
  Sources sources;
  sources.overrides = {{"domains", "a.example,b.example"},
                       {"data_dir", "/quote\"back\\slash"},
                       {"limits.message_size", "12345678"},
                       {"auth.throttle.first_delay", "1500ms"}};
  const auto loaded = load_text("", "", sources);
  ASSERT_TRUE(loaded) << loaded.error().text;
  const auto again = load_text(show(*loaded), "shown");
  ASSERT_TRUE(again) << again.error().text;
  EXPECT_TRUE(difference(loaded->config, again->config).changed.empty());
  EXPECT_THAT(show(*loaded), HasSubstr("per_user = 50  # default\n"));
}

TEST(Show, TellsWhatAReloadCannotChange) {
  const Config before = good("");
  const Config after = good(
      "",
      {.path = {}, .environment = {}, .overrides = {{"log.level", "debug"}, {"threads.io", "3"}}});
  const Difference d = difference(before, after);
  EXPECT_THAT(d.changed, ElementsAre("log.level", "threads.io"));
  EXPECT_THAT(d.need_restart, ElementsAre("threads.io"));
}

/// The files generated from the table are kept in the source tree. This test fails when they are
/// outdated.
std::string repository_file(const std::string& path) {
  const std::filesystem::path here = std::source_location::current().file_name();
  std::ifstream in(here.parent_path().parent_path().parent_path() / path);
  std::stringstream content;
  content << in.rdbuf();
  return content.str();
}

TEST(Example, IsWhatTheTableSays) {
  EXPECT_EQ(repository_file("packaging/posthorn.toml"), example_file());
  // With every commented key uncommented, the file still contains the defaults. A table of a
  // directory has none that are complete.
  std::string uncommented;
  std::istringstream lines(example_file());
  for (std::string line; std::getline(lines, line) && line != "#[directory.NAME]";) {
    const bool key = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    uncommented += (key ? line.substr(1) : line) + '\n';
  }
  EXPECT_TRUE(difference(good(uncommented), good("")).changed.empty());
}

TEST(FirstFile, HasInForceWhatTheCommandLineSaid) {
  Sources sources;
  sources.overrides = {{"listen.imap", "*:1143"}, {"tls.key_password", "hush"}};
  sources.environment = {{"POSTHORN_LOG_LEVEL", "debug"}};
  const auto loaded = load(sources);
  ASSERT_TRUE(loaded);
  const std::string file = first_file(*loaded);
  EXPECT_THAT(file, HasSubstr("\nimap = [\"*:1143\"]\n"));
  EXPECT_THAT(file, testing::Not(HasSubstr("hush")));
  EXPECT_THAT(difference(good(file), good("")).changed, ElementsAre("listen.imap"));
}

TEST(Reference, HasALineForEachKey) {
  const std::string page = reference_page();
  for (const Key& key : schema()) {
    EXPECT_THAT(page, HasSubstr("| `" + std::string(key.name) + "` |"));
  }
}

TEST(EditDistance, CountsSlips) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("port", "prot"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(suggest_key(std::string(100'000, 'x')), "");
}

}  // namespace
}  // namespace posthorn::config
