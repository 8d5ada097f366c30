#include <boost/json.hpp>
#include <cstdio>

#include "app/dns_records.h"
#include "cli/command_line.h"
#include "cli/program.h"

namespace posthorn::cli {
namespace {

void print_json(const app::DnsRecords& dns) {
  for (const app::DnsRecord& record : dns.records)
    fmt::print("{}\n", boost::json::serialize(boost::json::object{
                           {"name", record.name}, {"type", record.type}, {"data", record.data}}));
}

/// Prints the records in the format of a zone file (RFC 1035 §5.1), with comments.
void print_zone(const app::DnsRecords& dns) {
  fmt::print(
      "; For the zone of {0}. {1} itself needs A and AAAA records, and a\n"
      "; certificate for its name and for the names below that are a CNAME for it.\n"
      "; The MX is the host that receives mail from outside: change it if that is another host.\n",
      dns.domain, dns.hostname);
  std::size_t width = 0;
  bool finds_settings = false;
  for (const app::DnsRecord& record : dns.records) {
    width = std::max(width, record.name.size());
    finds_settings |= record.type == "CNAME";
  }
  for (const app::DnsRecord& record : dns.records)
    fmt::print("{:<{}} IN {:<5} {}\n", record.name, width, record.type, record.data);
  if (!finds_settings)
    fmt::print(
        "; With listen.https = \"*:443\" clients can find their settings, and the names "
        "autoconfig\n"
        "; and autodiscover are listed here.\n");
  fmt::print("; SPF, DKIM and DMARC records depend on the host that sends the mail of {}.\n",
             dns.domain);
}

int print_records(const Program& program, const std::string& domain, bool as_json) {
  const Result<config::Loaded> loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  const Result<app::DnsRecords> dns = app::dns_records(loaded->config, domain);
  if (!dns) return complain(dns.error());
  as_json ? print_json(*dns) : print_zone(*dns);
  return 0;
}

}  // namespace

void add_dns(Command app, Program& program) {
  struct Options {
    std::string domain;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  const Command command =
      app.add_subcommand("dns", "Print the DNS records of a domain, for its zone file");
  command.add_option("domain", options->domain, "The part of the addresses after the @")
      .required()
      .type_name("DOMAIN");
  command.add_flag("--json", options->json, "Print one JSON object per line: name, type, data");
  command.footer(
      "The records are derived from the hostname and the listeners in the configuration. No DNS\n"
      "lookups are made.\n"
      "Examples:\n"
      "  posthorn dns example.org\n"
      "  posthorn --set hostname=mail.example.org dns example.org");
  command.callback([&program, options] {
    program.run = [&program, options] {
      return print_records(program, options->domain, options->json);
    };
  });
}

}  // namespace posthorn::cli
