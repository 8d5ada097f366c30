#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/bytes.h"
#include "cli/command_line.h"
#include "cli/mailbox_files/importer.h"
#include "cli/mailbox_files/maildir_source.h"
#include "cli/mailbox_files/mbox_source.h"
#include "cli/program.h"

namespace posthorn::cli {
namespace {

namespace fs = std::filesystem;

struct ImportOptions {
  std::string account;
  std::vector<std::string> paths;
  std::string format = "auto";
  std::string mailbox;
  std::string under;
  std::string record;
  bool keep_quoted_from = false;
  bool quiet = false;
};

Result<std::unique_ptr<MailSource>> open_source(const ImportOptions& options,
                                                const std::string& path) {
  std::error_code error;
  const bool is_folder = fs::is_directory(path, error);
  if (is_folder && options.format == "mbox")
    return fail(ErrorKind::bad_argument, path + ": is a folder, not an mbox file");
  if (is_folder) {
    auto opened = MaildirSource::open(path);
    if (!opened) return pass(opened);
    return std::move(*opened);
  }
  if (options.format == "maildir")
    return fail(ErrorKind::bad_argument, path + ": is not a folder, so it cannot be a Maildir");
  auto file = InputFile::open(path);
  if (!file) return pass(file);
  auto start = (*file)->read(0, 1024);
  if (!start) return pass(start);
  if (options.format == "auto" && !start->empty() && !start->starts_with("From "))
    return fail(ErrorKind::bad_argument,
                path + ": does not begin like an mbox file; use --format mbox to read it anyway");
  MboxOptions mbox;
  mbox.unquote_from = !options.keep_quoted_from;
  fs::path name = fs::path(path).filename();
  if (name.extension() == ".mbox") name = name.stem();
  mbox.mailbox = !options.mailbox.empty() ? options.mailbox : mailbox_of_folder(name.string());
  if (mbox.mailbox.empty()) mbox.mailbox = "INBOX";
  return std::make_unique<MboxSource>(std::move(*file), std::move(mbox));
}

/// Stored beside the data, so that an import of the same path on another machine has its own
/// record.
std::string record_path(const config::Config& config, const ImportOptions& options,
                        const std::string& path) {
  if (!options.record.empty()) return options.record;
  std::error_code error;
  const std::string what =
      fmt::format("{}\n{}\n{}\n{}", options.account, fs::weakly_canonical(path, error).string(),
                  options.mailbox, options.under);
  return fmt::format("{}/import/{:016x}.record", config.data_dir, checksum(what));
}

/// A line on the terminal that is overwritten each time. Does nothing if there is no terminal.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted) : shown_(wanted && ::isatty(STDERR_FILENO) != 0) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  void show(const ImportTotals& totals, std::uint64_t of) {
    if (!shown_) return;
    const unsigned percent =
        of == 0 ? 0 : static_cast<unsigned>(std::min<std::uint64_t>(100, totals.octets * 100 / of));
    fmt::print(stderr, "\r\033[K{:3}% [{:<30}] {} messages, {} MB", percent,
               std::string(percent * 30 / 100, '='), totals.brought + totals.known,
               totals.octets >> 20);
    drawn_ = true;
  }
  void clear() {
    if (std::exchange(drawn_, false)) fmt::print(stderr, "\r\033[K");
  }

 private:
  bool shown_;
  bool drawn_ = false;
};

async::Task<Result<int>> import_one(admin::Admin& admin, const ImportOptions& options,
                                    const std::string& path, const std::string& record_at) {
  auto source = open_source(options, path);
  if (!source) co_return pass(source);
  auto record = ImportRecord::open(record_at);
  if (!record) co_return pass(record);
  ProgressLine progress(!options.quiet);
  Importer::Options how{.account = options.account, .under = options.under};
  how.on_skip = [&progress](const std::string& place, const Error& why) {
    progress.clear();
    fmt::print(stderr, "skipped: {}{}{}\n", place, place.empty() ? "" : ": ", why.text);
  };
  how.on_progress = [&](const ImportTotals& totals) {
    progress.show(totals, (*source)->total_octets());
  };
  Importer importer(admin, **source, *record, std::move(how));
  const Status done = co_await importer.run();
  progress.clear();
  const ImportTotals& totals = importer.totals();
  if (!options.quiet || !done)
    fmt::print(stderr, "{}: {} messages imported, {} imported before, {} skipped\n", path,
               totals.brought, totals.known, totals.skipped);
  if (!done) {
    fmt::print(stderr, "posthorn: {}; repeat the command to continue from here\n",
               done.error().text);
    co_return kFailed;
  }
  co_return totals.skipped == 0 ? 0 : kFindings;
}

async::Task<Result<int>> import_all(Access& access, const config::Config& config,
                                    const ImportOptions& options) {
  int worst = 0;
  for (const std::string& path : options.paths) {
    auto code =
        co_await import_one(access.admin(), options, path, record_path(config, options, path));
    if (!code) co_return pass(code);
    if (*code == kFailed) co_return kFailed;
    worst = std::max(worst, *code);
  }
  co_return worst;
}

int import_mail(const Program& program, const ImportOptions& options) {
  const auto loaded = load_config(program);
  if (!loaded) return complain(loaded.error());
  return with_access(program,
                     [&](Access& access) { return import_all(access, loaded->config, options); });
}

}  // namespace

void add_import(Command app, Program& program) {
  const auto options = std::make_shared<ImportOptions>();
  const Command command = app.add_subcommand("import", "Import mail from Maildir or mbox");
  command.add_option("account", options->account, "The account's address").required();
  command
      .add_option("path", options->paths, "A Maildir++ tree, a folder of messages, or an mbox file")
      .required()
      .type_name("PATH");
  command.add_option("--format", options->format, "auto, maildir or mbox")
      .one_of({"auto", "maildir", "mbox"});
  command.add_option("--mailbox", options->mailbox,
                     "The mailbox for an mbox file; default: the name of the file");
  command.add_option("--under", options->under, "Create all mailboxes below this one");
  command.add_option("--record", options->record, "Record the imported messages in this file")
      .type_name("FILE");
  command.add_flag("--keep-quoted-from", options->keep_quoted_from,
                   "Do not change \">From \" lines of an mbox file");
  command.add_flag("--quiet", options->quiet, "Print no progress and no summary");
  command.footer(
      "Keeps flags, keywords and dates: for a Maildir from file names, dovecot-keywords and file\n"
      "times; for an mbox from Status, X-Status, X-Keywords and the From_ line. Bare line feeds\n"
      "become CRLF. The command can be interrupted and repeated: no message is imported twice.\n"
      "Messages that cannot be read are named and skipped; the exit code is then 3.\n"
      "Examples:\n"
      "  posthorn import ada@example.org ~/Maildir\n"
      "  posthorn import ada@example.org old.mbox --mailbox Archive/2019\n"
      "  posthorn --data-dir ./demo-data import demo@example.org ~/Maildir --under Mine");
  command.callback(
      [&program, options] { program.run = [&] { return import_mail(program, *options); }; });
}

}  // namespace posthorn::cli
