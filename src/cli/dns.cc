#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>

#include "app/dns_records.h"
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
      "; For the zone of {0}. {1} itself has to have A and AAAA records, and a\n"
      "; certificate that names it and whatever below is a CNAME for it.\n"
      "; The MX is the host that takes mail in from outside: change it where that is another.\n",
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
        "; With listen.https = \"*:443\" clients would find their settings, and autoconfig and\n"
        "; autodiscover would stand here.\n");
  fmt::print("; SPF, DKIM and DMARC are up to whatever sends the mail of {}.\n", dns.domain);
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

void add_dns(CLI::App& app, Program& program) {
  struct Options {
    std::string domain;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* const command =
      app.add_subcommand("dns", "The DNS records a domain wants, to paste into its zone");
  command->add_option("domain", options->domain, "The part after the @ of its addresses")
      ->required()
      ->type_name("DOMAIN");
  command->add_flag("--json", options->json, "One JSON object a line: name, type, data");
  command->footer(
      "They follow from the configuration: hostname and the listeners. Nothing is looked up.\n"
      "Examples:\n"
      "  posthorn dns example.org\n"
      "  posthorn --set hostname=mail.example.org dns example.org");
  command->callback([&program, options] {
    program.run = [&program, options] {
      return print_records(program, options->domain, options->json);
    };
  });
}

}  // namespace posthorn::cli
