#include "app/keys/token_keys.h"

#include <fmt/core.h>

#include <fstream>
#include <iterator>

#include "base/clock.h"

namespace posthorn::app {
namespace {

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text;
  // One octet more than allowed, so that a file that is too long is detected.
  text.resize(auth::KeySet::kMaxOctets + 1);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (!in.eof() && in.fail()) return fail(ErrorKind::io, path + ": cannot be read");
  return text;
}

std::chrono::seconds seconds(config::Duration d) {
  return std::chrono::duration_cast<std::chrono::seconds>(d);
}

auth::TokenRules rules_of(const config::Oauth& oauth) {
  return {.issuer = oauth.issuer,
          .audience = oauth.audience,
          .user_claim = oauth.user_claim,
          .scope = oauth.scope,
          .end_sessions = oauth.end_sessions};
}

/// Null if there is no file. Errors: as TokenKeys::load().
Result<std::shared_ptr<const auth::TokenVerifier>> keys_in_file(const config::Config& config) {
  const config::Oauth& oauth = config.auth.oauth;
  if (oauth.jwks_file.empty()) return nullptr;
  if (oauth.audience.empty())
    return fail(ErrorKind::bad_argument, "auth.oauth.jwks_file requires auth.oauth.audience");
  const std::string path = config::path_in(config, oauth.jwks_file);
  const auto keys = read_file(path);
  if (!keys) return std::unexpected(keys.error());
  auto verifier = auth::TokenVerifier::make(rules_of(oauth), *keys);
  if (!verifier)
    return fail(verifier.error().kind, fmt::format("{}: {}", path, verifier.error().text));
  return verifier;
}

provider::ProviderOptions provider_options(const config::Config& config) {
  const config::Oauth& oauth = config.auth.oauth;
  provider::ProviderOptions options;
  options.rules = rules_of(oauth);
  options.jwks_url = oauth.jwks_url;
  options.introspect = static_cast<provider::Introspect>(oauth.introspect);
  options.introspection_url = oauth.introspection_url;
  if (!oauth.client_id.empty()) {
    options.client_id = oauth.client_id;
    options.client_secret = std::make_shared<const auth::Secret>(oauth.client_secret);
  }
  options.keys_time = seconds(oauth.keys_time);
  options.introspection_time = seconds(oauth.introspection_time);
  return options;
}

provider::Https::Options https_options(const config::Config& config) {
  return {.ca_file = config::path_in(config, config.auth.oauth.ca_file),
          .timeout = config.auth.oauth.timeout};
}

}  // namespace

TokenKeys::~TokenKeys() { stop(); }

void TokenKeys::stop() {
  if (https_) https_->stop();
}

Result<TokenKeys::JudgePtr> TokenKeys::load(const config::Config& config) {
  const config::Oauth& oauth = config.auth.oauth;
  if (oauth.issuer.empty()) return nullptr;
  auto fixed = keys_in_file(config);
  if (!fixed) return pass(fixed);
  if (*fixed && oauth.introspect == config::Introspect::never) return std::move(*fixed);
  return make_provider(config, std::move(*fixed));
}

Result<TokenKeys::JudgePtr> TokenKeys::make_provider(
    const config::Config& config, std::shared_ptr<const auth::TokenVerifier> fixed) {
  if (!threads_) threads_ = std::make_unique<provider::Threads>();
  auto https = std::make_shared<provider::Https>(https_options(config));
  auto made = provider::Provider::make(
      provider_options(config), std::move(fixed),
      [https](const provider::Request& request) { return https->ask(request); }, *threads_,
      numbers_);
  if (!made) return pass(made);
  if (provider_) (*made)->adopt(*provider_);
  https_ = std::move(https);
  provider_ = std::move(*made);
  return provider_;
}

Result<std::optional<TokenKeys::Trial>> TokenKeys::try_out(const config::Config& config) {
  const config::Oauth& oauth = config.auth.oauth;
  if (oauth.issuer.empty()) return std::nullopt;
  auto fixed = keys_in_file(config);
  if (!fixed) return pass(fixed);
  if (*fixed && oauth.introspect == config::Introspect::never) return std::nullopt;
  Trial trial;
  provider::Https https(https_options(config));
  provider::Threads threads;
  provider::Numbers numbers;
  const auto ask = [&https, &trial](const provider::Request& request) {
    auto answer = https.ask(request);
    if (answer && answer->date) trial.clock_ahead = system_clock().now().seconds - *answer->date;
    return answer;
  };
  auto made =
      provider::Provider::make(provider_options(config), std::move(*fixed), ask, threads, numbers);
  if (!made) return pass(made);
  trial.found = (*made)->examine(system_clock().now());
  return trial;
}

}  // namespace posthorn::app
