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
  std::uint64_t known = 0;    ///< Transferred by an earlier run.
  std::uint64_t skipped = 0;  ///< Unreadable, or refused by the server.
  std::uint64_t octets = 0;   ///< Read so far, including messages already known.
};

/// Imports the messages of a source into an account, in the source's order, several hundred in one
/// change.
class Importer {
 public:
  struct Options {
    std::string account;
    std::string under;  ///< Parent of the imported mailboxes; empty: they keep their names.
    /// Called for each skipped message, with its place and the reason.
    std::function<void(const std::string& place, const Error& why)> on_skip = {};
    /// Called after each batch.
    std::function<void(const ImportTotals&)> on_progress = {};
  };
  /// All must outlive the importer.
  Importer(admin::Admin& admin, MailSource& source, ImportRecord& record, Options options)
      : admin_(admin), source_(source), record_(record), options_(std::move(options)) {}

  /// Errors are those that end the import: over_quota, unavailable, not_found (account), io of the
  /// server. Messages transferred until then are kept; another run continues after them.
  async::Task<Status> run();
  [[nodiscard]] const ImportTotals& totals() const { return totals_; }

 private:
  struct Pending {
    FoundMessage found;
    std::string mailbox;
    std::uint64_t size = 0;  ///< As it will be stored.
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

/// Flags as "message.append" takes them. Keywords that are none in IMAP are left out.
boost::json::array flag_names(const FlagList& flags);

/// Returns the size that a message will have when stored, by reading it once. Errors: io.
Result<std::uint64_t> measure(const FoundMessage& found);

}  // namespace posthorn::cli
