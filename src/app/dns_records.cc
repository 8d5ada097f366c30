#include "app/dns_records.h"

#include <fmt/core.h>

#include "app/services.h"
#include "text/domain.h"

namespace posthorn::app {
namespace {

using server::autoconfig::Kind;
using server::autoconfig::Protection;
using server::autoconfig::Service;
using server::autoconfig::Services;

/// The name of a service in the DNS. The priority expresses the preference between IMAP and POP3
/// (RFC 6186 §3.3), and here also between TLS from the start and STARTTLS.
struct SrvName {
  std::string_view name;
  Kind kind;
  bool under_tls;
  unsigned priority;
};

constexpr std::array kSrvNames{
    SrvName{"_imaps", Kind::imap, true, 0},
    SrvName{"_imap", Kind::imap, false, 10},
    SrvName{"_pop3s", Kind::pop3, true, 20},
    SrvName{"_pop3", Kind::pop3, false, 30},
    SrvName{"_submissions", Kind::submission, true, 0},
    SrvName{"_submission", Kind::submission, false, 10},
};

const Service* find(const Services& services, const SrvName& name) {
  for (const Service& service : services.offered)
    if (service.kind == name.kind && (service.protection == Protection::tls) == name.under_tls)
      return &service;
  return nullptr;
}

/// Returns a domain that others can resolve, and which therefore contains a dot.
Result<std::string> public_name(std::string_view name) {
  auto ascii = text::domain_to_ascii(name);
  if (ascii && !ascii->contains('.'))
    return fail(ErrorKind::bad_argument,
                fmt::format("{} is not a fully qualified domain name", name));
  return ascii;
}

Result<std::string> public_hostname(const std::string& hostname) {
  auto ascii = public_name(hostname);
  if (!ascii)
    return fail(ErrorKind::bad_argument,
                fmt::format("hostname is \"{}\", which is not a public name; set it to the name by "
                            "which clients know this server, such as mail.example.org",
                            hostname));
  return ascii;
}

}  // namespace

Result<DnsRecords> dns_records(const config::Config& config, std::string_view domain) {
  const bool has_tls = !config.tls.certificate.empty() || config.tls.self_signed_when_missing;
  const Services offered = services(config, {}, has_tls);
  auto zone = public_name(domain);
  if (!zone) return pass(zone);
  auto hostname = public_hostname(offered.hostname);
  if (!hostname) return pass(hostname);
  DnsRecords out{.domain = *zone, .hostname = *hostname, .records = {}};

  const auto add = [&](std::string_view below, std::string_view type, std::string data) {
    out.records.push_back({fmt::format("{}{}{}.", below, below.empty() ? "" : ".", *zone),
                           std::string(type), std::move(data)});
  };
  add("", "MX", fmt::format("10 {}.", *hostname));
  for (const SrvName& srv : kSrvNames) {
    const Service* const service = find(offered, srv);
    add(fmt::format("{}._tcp", srv.name), "SRV",
        service == nullptr ? "0 0 0 ."
                           : fmt::format("{} 1 {} {}.", srv.priority, service->port, *hostname));
  }
  if (offered.https_port != 0)
    add("_autodiscover._tcp", "SRV", fmt::format("0 1 {} {}.", offered.https_port, *hostname));
  // Includes listeners that only this machine can reach: a web server may forward requests to them.
  if (!config.listen.https.empty() || !config.listen.http.empty())
    for (const char* name : {"autoconfig", "autodiscover"})
      if (*hostname != fmt::format("{}.{}", name, *zone))
        add(name, "CNAME", fmt::format("{}.", *hostname));
  return out;
}

}  // namespace posthorn::app
