#include "app/token_keys.h"

#include <fmt/core.h>

#include <fstream>
#include <iterator>

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

}  // namespace

Result<std::shared_ptr<const auth::TokenVerifier>> load_token_verifier(
    const config::Config& config) {
  const config::Oauth& oauth = config.auth.oauth;
  if (oauth.issuer.empty()) return std::shared_ptr<const auth::TokenVerifier>();
  if (oauth.audience.empty() || oauth.jwks_file.empty())
    return fail(ErrorKind::bad_argument,
                "auth.oauth.issuer requires auth.oauth.audience and auth.oauth.jwks_file");
  const std::string path = config::path_in(config, oauth.jwks_file);
  const auto keys = read_file(path);
  if (!keys) return std::unexpected(keys.error());
  auto verifier = auth::TokenVerifier::make({.issuer = oauth.issuer,
                                             .audience = oauth.audience,
                                             .user_claim = oauth.user_claim,
                                             .scope = oauth.scope},
                                            *keys);
  if (!verifier)
    return fail(verifier.error().kind, fmt::format("{}: {}", path, verifier.error().text));
  return verifier;
}

}  // namespace posthorn::app
