#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "admin/admin.h"
#include "async/task.h"
#include "base/result.h"
#include "cli/mailbox_files/import_record.h"
#include "cli/mailbox_files/mail_source.h"

namespace posthorn::cli {

struct ImportTotals {
  std::uint64_t brought = 0;
  std::uint64_t known = 0;    ///< Brought by an earlier run.
  std::uint64_t skipped = 0;  ///< Could not be read, or was not taken.
  std::uint64_t octets = 0;   ///< Read so far, of those too that were known.
};

/// Brings the messages of a source into an account, in its order, some hundreds in one change.
class Importer {
 public:
  struct Options {
    std::string account;
    std::string under;  ///< Mailboxes go below this one; empty: where they were.
    /// Called for each message left out, with its place and why.
    std::function<void(const std::string& place, const Error& why)> on_skip = {};
    /// Called after each batch.
    std::function<void(const ImportTotals&)> on_progress = {};
  };
  /// All must outlive it.
  Importer(admin::Admin& admin, MailSource& source, ImportRecord& record, Options options)
      : admin_(admin), source_(source), record_(record), options_(std::move(options)) {}

  /// Errors: what ends the whole: over_quota, unavailable, not_found (account), io of the server.
  /// What was brought until then stays; running again goes on from there.
  async::Task<Status> run();
  [[nodiscard]] const ImportTotals& totals() const { return totals_; }

 private:
  struct Pending {
    FoundMessage found;
    std::string mailbox;
    std::uint64_t size = 0;  ///< As stored.
  };
  class Octets;

  async::Task<Status> add(FoundMessage found);
  async::Task<Status> settle_doubt(const Pending& first);
  async::Task<Result<bool>> is_stored(const Pending& message, std::uint32_t from_uid);
  async::Task<Result<bool>> is_same(const Pending& message, std::uint64_t uid);
  async::Task<Status> flush();
  async::Task<Status> send(const std::vector<Pending>& batch);
  async::Task<Result<std::uint32_t>> uid_next(std::string mailbox);
  void skip(const std::string& place, const Error& why);

  admin::Admin& admin_;
  MailSource& source_;
  ImportRecord& record_;
  const Options options_;
  ImportTotals totals_;
  std::vector<Pending> batch_;
  std::uint64_t batch_octets_ = 0;
};

/// The size a message will have, read through once. Errors: io.
Result<std::uint64_t> measure(const FoundMessage& found);

}  // namespace posthorn::cli
