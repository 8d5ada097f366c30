#include <unistd.h>

#include <ctime>
#include <filesystem>

#include "app/keys/certificates.h"
#include "cli/doctor/checks.h"
#include "cli/sizes.h"
#include "net/certificate_facts.h"
#include "text/domain.h"

namespace posthorn::cli {
namespace {

using Trust = net::CertificateFacts::Trust;

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kSoon = 14 * kDay;

bool is_there(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

/// The pairs that the server would use, in its order.
std::vector<net::CertificatePair> pairs_of(const config::Config& config) {
  std::vector<net::CertificatePair> pairs;
  net::CertificatePair first{config::path_in(config, config.tls.certificate),
                             config::path_in(config, config.tls.key), config.tls.key_password};
  if (first.chain_file.empty() && config.tls.self_signed_when_missing)
    first = {config.data_dir + "/cert.pem", config.data_dir + "/key.pem", {}};
  if (!first.chain_file.empty()) pairs.push_back(std::move(first));
  for (std::size_t i = 0; i < config.tls.more_certificates.size(); ++i)
    pairs.push_back({config::path_in(config, config.tls.more_certificates[i]),
                     config::path_in(config, config.tls.more_keys[i]), config.tls.key_password});
  return pairs;
}

/// The names under which clients connect.
std::vector<std::string> wanted_names(const Installation& installation) {
  const config::Config& config = installation.config();
  std::vector<std::string> names;
  if (auto host = text::domain_to_ascii(app::host_name(config))) names.push_back(std::move(*host));
  if (config.listen.https.empty()) return names;
  for (const std::string& domain : installation.domains)
    if (const auto ascii = text::domain_to_ascii(domain))
      for (const char* below : {"autoconfig.", "autodiscover."}) names.push_back(below + *ascii);
  return names;
}

void judge_time(const std::string& file, const net::CertificateFacts& facts, Findings& findings) {
  const std::int64_t now = std::time(nullptr);
  constexpr const char* kRenew =
      "Renew it. The server reads the file again within five minutes, or at once on SIGHUP.";
  if (facts.not_after < now) {
    findings.fault(fmt::format("{} expired {} ago", file, format_age(now - facts.not_after)),
                   kRenew);
  } else if (facts.not_before > now) {
    findings.fault(
        fmt::format("{} is not valid until {} from now", file, format_age(facts.not_before - now)),
        "Look at the clock of this machine (`timedatectl`).");
  } else if (facts.not_after - now < kSoon) {
    findings.warning(fmt::format("{} expires in {}", file, format_age(facts.not_after - now)),
                     kRenew);
  }
}

void judge_trust(const std::string& file, const net::CertificateFacts& facts, Findings& findings) {
  switch (facts.trust) {
    case Trust::trusted: return;
    case Trust::self_signed:
      findings.warning(file + " is self-signed, so mail programs warn about it or refuse it",
                       "Get one from an authority (Let's Encrypt, for example), and set "
                       "tls.certificate and tls.key.");
      return;
    case Trust::incomplete:
      findings.fault(file + " lacks the intermediate certificate, so some programs refuse it",
                     "Use the file with the whole chain (fullchain.pem of certbot).");
      return;
    case Trust::unknown:
      findings.warning(
          fmt::format("{} is from an authority that this system does not trust ({})", file,
                      facts.why),
          "That is right if the authority is your own and is installed on all clients.");
      return;
    case Trust::invalid:
      findings.fault(fmt::format("{} is not valid for a server: {}", file, facts.why),
                     "Get another one.");
      return;
  }
}

}  // namespace

void check_certificates(const Installation& installation, Findings& findings) {
  const std::vector<net::CertificatePair> pairs = pairs_of(installation.config());
  if (pairs.empty()) {
    findings.fault("there is no certificate, so TLS is not offered",
                   "Set tls.certificate and tls.key, or tls.self_signed_when_missing.");
    return;
  }
  std::vector<std::string> missing = wanted_names(installation);
  const std::vector<std::string> wanted = missing;
  bool read_all = true;
  for (const net::CertificatePair& pair : pairs) {
    const bool own = pair.chain_file == installation.config().data_dir + "/cert.pem";
    if (own && !is_there(pair.chain_file)) {
      findings.note("there is no certificate yet; the server will make a self-signed one",
                    "Better get one from an authority, and set tls.certificate and tls.key.");
      return;
    }
    const auto facts = net::examine_certificate(pair, wanted);
    if (!facts) {
      read_all = false;
      // Somebody else than root and the server cannot know.
      const bool hidden = is_there(pair.key_file) && ::access(pair.key_file.c_str(), R_OK) != 0;
      const Severity severity = hidden ? Severity::note : Severity::fault;
      findings.add(severity, facts.error().text,
                   hidden ? "Run this command as root."
                          : "The server does not start with it, or goes on with an older one. "
                            "Set tls.certificate and tls.key to a pair that belongs together.");
      continue;
    }
    judge_time(pair.chain_file, *facts, findings);
    judge_trust(pair.chain_file, *facts, findings);
    std::erase_if(missing, [&](const std::string& name) {
      return std::ranges::find(facts->missing, name) == facts->missing.end();
    });
    if (findings.is_clean())
      findings.ok(fmt::format("{} is valid for {} more", pair.chain_file,
                              format_age(facts->not_after - std::time(nullptr))));
  }
  if (!read_all) return;
  for (const std::string& name : missing) {
    const bool host = name == wanted.front();
    findings.add(
        host ? Severity::fault : Severity::warning,
        fmt::format("no certificate is valid for {}{}", name,
                    host ? ", the host name of this server" : ""),
        host ? "Get one for that name, or set 'hostname' to the name that clients use."
             : "Get one that has the name too: mail programs look there for their settings.");
  }
}

}  // namespace posthorn::cli
