#include <cstdlib>

#include "app/keys/token_keys.h"
#include "cli/doctor/checks.h"
#include "cli/sizes.h"

namespace posthorn::cli {
namespace {

/// A token counts for so long before and after its time, because clocks differ.
constexpr std::int64_t kLeeway = 60;

void judge_clock(std::int64_t ahead, Findings& findings) {
  if (std::abs(ahead) <= kLeeway / 2) return;
  findings.add(std::abs(ahead) > kLeeway ? Severity::fault : Severity::warning,
               fmt::format("the clock of this machine is {} {} that of the identity provider, and "
                           "tokens are judged with a tolerance of {}",
                           format_age(std::abs(ahead)), ahead > 0 ? "ahead of" : "behind",
                           format_age(kLeeway)),
               "Set both by network time (`timedatectl` shows the state here).");
}

}  // namespace

void check_tokens(const Installation& installation, Findings& findings) {
  const config::Oauth& oauth = installation.config().auth.oauth;
  if (oauth.issuer.empty()) return;
  const auto trial = app::TokenKeys::try_out(installation.config());
  if (!trial) {
    findings.fault(trial.error().text, "Correct auth.oauth in the configuration.");
    return;
  }
  if (!*trial) {
    findings.ok(oauth.jwks_file + " has the keys of the identity provider");
    return;
  }
  const auto& found = (*trial)->found;
  if (found.metadata && !*found.metadata)
    findings.fault("the identity provider's metadata: " + found.metadata->error().text,
                   "Look at auth.oauth.issuer, which must be the name that the provider has for "
                   "itself, octet by octet; at auth.oauth.ca_file; and whether this machine "
                   "reaches the provider.");
  if (found.keys && !*found.keys)
    findings.fault("the identity provider's keys: " + found.keys->error().text,
                   "Look at auth.oauth.jwks_url and auth.oauth.ca_file, and whether this machine "
                   "reaches the provider. Until it does, logins with tokens fail temporarily.");
  if (found.introspection && !*found.introspection)
    findings.fault("introspection of tokens: " + found.introspection->error().text,
                   "Look at auth.oauth.introspection_url, client_id and client_secret_file, and "
                   "whether the provider lets this client introspect tokens.");
  if ((*trial)->clock_ahead) judge_clock(*(*trial)->clock_ahead, findings);
  if (findings.is_clean())
    findings.ok(fmt::format("the identity provider {} answers{}{}", oauth.issuer,
                            found.keys ? ", and has keys" : "",
                            found.introspection ? ", and tells of tokens" : ""));
}

}  // namespace posthorn::cli
