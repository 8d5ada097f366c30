#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "app/dns_records.h"
#include "cli/doctor/checks.h"
#include "net/dns_lookup.h"

namespace posthorn::cli {
namespace {

using net::DnsType;

std::string without_dot(const std::string& name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

/// Compares the DNS with the records that `posthorn dns` prints. It ends at the first question that
/// nobody answers, so that it takes a few seconds at most.
class DnsCheck {
 public:
  DnsCheck(net::DnsResolver& resolver, Findings& findings)
      : resolver_(resolver), findings_(findings) {}

  void look_at_host(const std::string& hostname) {
    const auto addresses = addresses_of(hostname);
    if (is_over_ || !addresses.empty()) return;
    findings_.fault(hostname + " has no address in the DNS, so no client finds this server",
                    "Add an A record (and AAAA) to its zone, or correct 'hostname'.");
  }

  void look_at_domain(const app::DnsRecords& wanted) {
    for (const app::DnsRecord& record : wanted.records) {
      if (is_over_) return;
      if (record.type == "MX") {
        look_at_mx(wanted, record);
      } else if (record.type == "SRV") {
        look_at_srv(record);
      } else {
        look_at_alias(record);
      }
    }
  }

  [[nodiscard]] bool is_over() const { return is_over_; }

 private:
  std::vector<std::string> look_up(const std::string& name, DnsType type) {
    if (is_over_) return {};
    auto found = resolver_.look_up(name, type);
    if (found) return std::move(*found);
    is_over_ = true;
    findings_.note("the DNS was not looked at: " + found.error().text,
                   "Compare the zone with what `posthorn dns DOMAIN` prints, or name another "
                   "server with --dns-server.");
    return {};
  }

  std::vector<std::string> addresses_of(const std::string& name) {
    std::vector<std::string> found = look_up(name, DnsType::a);
    if (found.empty()) found = look_up(name, DnsType::aaaa);
    return found;
  }

  void look_at_mx(const app::DnsRecords& wanted, const app::DnsRecord& record) {
    const auto found = look_up(record.name, DnsType::mx);
    if (is_over_) return;
    if (found.empty()) {
      findings_.fault(
          fmt::format("{} has no MX record, so mail for it does not arrive", wanted.domain),
          fmt::format("Add: {} IN MX {} (or the host that receives mail for it)", record.name,
                      record.data));
      return;
    }
    const std::string target = " " + wanted.hostname + ".";
    if (std::ranges::any_of(found, [&](const auto& one) { return one.ends_with(target); })) return;
    findings_.note(fmt::format("mail for {} goes to {}, not to {}", wanted.domain,
                               fmt::join(found, " and "), wanted.hostname),
                   "That is right if that host passes it on to Posthorn by LMTP.");
  }

  void look_at_srv(const app::DnsRecord& record) {
    const auto found = look_up(record.name, DnsType::srv);
    if (is_over_ || std::ranges::find(found, record.data) != found.end()) return;
    const bool offered = !record.data.ends_with(" .");
    // Priority and weight are the operator's choice.
    const std::string target = record.data.substr(record.data.find(' ', record.data.find(' ') + 1));
    if (std::ranges::any_of(found, [&](const auto& one) { return one.ends_with(target); })) return;
    if (found.empty() && !offered) return;
    const std::string advice = fmt::format("Set: {} IN SRV {}", record.name, record.data);
    if (found.empty()) {
      findings_.warning(fmt::format("there is no SRV record {}, by which mail programs find the "
                                    "service",
                                    without_dot(record.name)),
                        advice);
    } else {
      findings_.warning(fmt::format("the SRV record {} is {}, {}", without_dot(record.name),
                                    fmt::join(found, " and "),
                                    offered ? "which is not this server's port"
                                            : "and this server does not offer the service"),
                        advice);
    }
  }

  /// A name under which clients look for their settings: an address will do as well.
  void look_at_alias(const app::DnsRecord& record) {
    const auto found = addresses_of(record.name);
    if (is_over_ || !found.empty()) return;
    findings_.warning(fmt::format("{} does not exist, so mail programs cannot set themselves up",
                                  without_dot(record.name)),
                      fmt::format("Add: {} IN {} {}", record.name, record.type, record.data));
  }

  net::DnsResolver& resolver_;
  Findings& findings_;
  bool is_over_ = false;
};

}  // namespace

void check_dns(const Installation& installation, Findings& findings) {
  auto resolver = net::DnsResolver::open(installation.options.dns_server);
  if (!resolver) {
    findings.note("the DNS was not looked at: " + resolver.error().text,
                  "Compare the zone with what `posthorn dns DOMAIN` prints.");
    return;
  }
  if (installation.domains.empty()) {
    findings.note("it is not known which domains have mail here, so the DNS was not looked at",
                  "Set 'domains', or look again while the server is running and has accounts.");
    return;
  }
  DnsCheck check(*resolver, findings);
  bool first = true;
  for (const std::string& domain : installation.domains) {
    const auto records = app::dns_records(installation.config(), domain);
    if (!records) {
      findings.warning(records.error().text,
                       "Without it, `posthorn dns` cannot say what the DNS should contain.");
      return;
    }
    if (std::exchange(first, false)) check.look_at_host(records->hostname);
    check.look_at_domain(*records);
    if (check.is_over()) return;
  }
  if (findings.is_clean())
    findings.ok(fmt::format("the records of {}", fmt::join(installation.domains, ", ")));
}

}  // namespace posthorn::cli
