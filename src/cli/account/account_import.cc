#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/account/account_commands.h"
#include "cli/account_files/account_file.h"

// `posthorn account import`
namespace posthorn::cli {
namespace {

using admin::Json;
using admin::text_of;

struct ImportOptions {
  std::string file;
  std::string format = "auto";
  AccountFileOptions read;
  bool update = false;
  bool dry_run = false;
};

struct Totals {
  std::size_t created = 0;
  std::size_t updated = 0;
  std::size_t exist = 0;
  std::size_t refused = 0;
};

AccountFormat format_of(const ImportOptions& options) {
  std::string name = options.format;
  if (name == "auto") {
    const std::size_t dot = options.file.rfind('.');
    name = dot == std::string::npos ? "" : options.file.substr(dot + 1);
    if (options.file.ends_with("/shadow") || options.file == "shadow") name = "shadow";
  }
  if (name == "shadow") return AccountFormat::shadow;
  if (name == "ldif") return AccountFormat::ldif;
  if (name == "csv") return AccountFormat::csv;
  if (name == "json" || name == "jsonl") return AccountFormat::json;
  return AccountFormat::dovecot;
}

Result<std::string> read_whole(const std::string& file) {
  if (file == "-")
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorKind::io, fmt::format("cannot read {}", file));
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

Json request_of(const AccountEntry& entry, const ImportOptions& options) {
  Json request{{"do", "account.import"}, {"name", entry.name},       {"password", entry.password},
               {"scheme", entry.scheme}, {"update", options.update}, {"dry_run", options.dry_run}};
  if (entry.max_bytes != 0) request["max_bytes"] = entry.max_bytes;
  if (entry.max_messages != 0) request["max_messages"] = entry.max_messages;
  return request;
}

void report(const AccountEntry& entry, std::string_view trouble, Totals& totals) {
  ++totals.refused;
  fmt::print(stderr, "entry {}, {}: {}\n", entry.line, entry.name.empty() ? "?" : entry.name,
             trouble);
}

void count(const Json& said, const AccountEntry& entry, Totals& totals) {
  const std::string_view outcome = text_of(said, "outcome");
  if (outcome == "exists") {
    ++totals.exist;
    fmt::print(stderr, "entry {}, {}: the account exists; --update replaces its password\n",
               entry.line, entry.name);
    return;
  }
  ++(outcome == "updated" ? totals.updated : totals.created);
  fmt::print("{:<40} {} {}\n", text_of(said, "name"), outcome, text_of(said, "scheme"));
}

/// Whether an error is about one entry, so that the next one may be tried.
bool is_of_entry(ErrorKind kind) {
  return kind == ErrorKind::bad_argument || kind == ErrorKind::not_supported ||
         kind == ErrorKind::limit || kind == ErrorKind::already_exists;
}

async::Task<Result<int>> import_all(admin::Admin& admin, const AccountList& list,
                                    const ImportOptions& options) {
  Totals totals;
  for (const AccountEntry& entry : list.entries) {
    if (!entry.trouble.empty()) {
      report(entry, entry.trouble, totals);
      continue;
    }
    auto answer = co_await admin.call(request_of(entry, options));
    if (answer) {
      count(answer->said, entry, totals);
    } else if (is_of_entry(answer.error().kind)) {
      report(entry, answer.error().text, totals);
    } else {
      co_return pass(answer);
    }
  }
  for (const std::string& name : list.unused)
    fmt::print(stderr, "the field '{}' is not imported\n", name);
  fmt::print(stderr, "{}{} created, {} updated, {} exist already, {} refused{}\n",
             options.dry_run ? "nothing was changed; it would be: " : "", totals.created,
             totals.updated, totals.exist, totals.refused,
             list.left_out == 0 ? std::string()
                                : fmt::format(", {} without a password left out", list.left_out));
  co_return totals.refused + totals.exist == 0 ? 0 : kFindings;
}

int import_accounts(const Program& program, const ImportOptions& options) {
  const auto text = read_whole(options.file);
  if (!text) return complain(text.error());
  const auto list = read_accounts(*text, format_of(options), options.read);
  if (!list) return complain(list.error());
  return with_access(program,
                     [&](Access& access) { return import_all(access.admin(), *list, options); });
}

}  // namespace

void add_account_import(Command account, Program& program) {
  const auto options = std::make_shared<ImportOptions>();
  const Command made =
      account.add_subcommand("import", "Create accounts from another server's list of users");
  made.add_option("file", options->file, "The file; - is standard input").required();
  made.add_option("--format", options->format,
                  "What the file is; auto goes by its ending and takes others as dovecot")
      .one_of({"auto", "dovecot", "shadow", "ldif", "csv", "json"})
      .default_str("auto");
  made.add_option("--domain", options->read.domain, "The domain of names without one")
      .type_name("DOMAIN");
  made.add_option("--scheme", options->read.scheme,
                  "The scheme of passwords that do not name one, e.g. SHA512-CRYPT or PLAIN")
      .type_name("SCHEME")
      .default_str("CRYPT");
  made.add_flag("--update", options->update, "Replace the passwords of accounts that exist");
  made.add_flag("--dry-run", options->dry_run, "Only say what would be done");
  made.footer(
      "Passwords stay as they are: the hashes are stored, and users log in as before.\n"
      "The exit code is 3 if an entry was not imported.\n\n"
      "Examples:\n"
      "  posthorn account import /etc/dovecot/users --dry-run\n"
      "  posthorn account import /etc/shadow --domain example.org\n"
      "  psql -At --csv -c 'SELECT username AS name, password ...' | posthorn account import - "
      "--format csv");
  made.callback([&program, options] {
    program.run = [&program, options] { return import_accounts(program, *options); };
  });
}

}  // namespace posthorn::cli
